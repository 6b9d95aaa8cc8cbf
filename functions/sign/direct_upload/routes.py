"""The routes of the signing function, and the steps that a request for limits or forms goes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from direct_upload import content_types, sts
from direct_upload.authorize import Caller, Grant, anybody, authenticate
from direct_upload.credential_cache import CredentialCache
from direct_upload.errors import FolderFormNotAllowed, FormTooLarge, TooLarge, TypeNotAllowed
from direct_upload.form import Form, Signer
from direct_upload.object_keys import ObjectKeys, new_directory
from direct_upload.profiles import MAX_POST_BYTES
from direct_upload.settings import Settings
from direct_upload.upload import MAX_FILES, Upload, check_upload, parse_files
from fc_http.errors import ApiError, MethodNotAllowed, NotFound
from fc_http.event import Request, parse_json
from fc_http.instants import format_time
from fc_http.invocation import Invocation
from fc_http.runtime import Runtime
from fc_http.version import VERSION
from oss_protocol.credentials import Credentials, own_credentials

if TYPE_CHECKING:
    from direct_upload.provider_keys import ProviderKeys

FOLDER_FORM = "/get_post_signature_for_oss_upload"

MULTIPART = tuple(f"/multipart{step}" for step in ("", "/parts", "/list", "/complete", "/abort"))

_Route = Callable[[Request, Invocation], object]


class Routes:
    """The signing function's application."""

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self._credentials = CredentialCache(
            sts.role_assumer(settings), max_form_lifetime=settings.max_form_lifetime, started=runtime.clock()
        )
        self._provider_keys = _provider_keys(settings)
        self._routes: dict[str, tuple[str, _Route]] = {"/sign": ("POST", self._sign), "/limits": ("GET", self._limits)}
        if any(profile.multipart for profile in settings.profiles.values()):
            self._routes |= dict.fromkeys(MULTIPART, ("POST", self._multipart))
        if any(profile.folder_forms for profile in settings.profiles.values()):
            self._routes[FOLDER_FORM] = ("GET", self._folder_form)

    def prepare(self, invocation: Invocation) -> None:
        """Obtains the keys and the credentials that the first request needs."""
        if self._provider_keys:
            self._provider_keys.prepare(invocation)
        self._get_credentials(invocation)

    def handle(self, request: Request, invocation: Invocation) -> object:
        """Returns the payload of the response. Raises ApiError."""
        if request.path not in self._routes:
            raise NotFound
        method, route = self._routes[request.path]
        if request.method != method:
            raise MethodNotAllowed(method)
        return route(request, invocation)

    def _authenticate(self, request: Request, invocation: Invocation) -> Caller:
        settings, authorization = self._settings, request.headers.get("authorization")
        if self._provider_keys:
            settings = replace(settings, issuer=self._provider_keys.issuer_for(authorization, invocation))
        caller = authenticate(settings, authorization)
        invocation.log_fields["subject"] = caller.subject
        return caller

    def _limits(self, request: Request, invocation: Invocation) -> object:
        """Returns the limits of this caller or, without a token, those that a profile has for everybody."""
        is_general = self._settings.issuer and "authorization" not in request.headers
        caller = anybody(self._settings) if is_general else self._authenticate(request, invocation)
        name = request.query.get("profile")
        grant = caller.grant(name, invocation.log_fields)
        multipart = self._settings.multipart if grant.profile.multipart else None
        return {
            "max_size": grant.max_size,
            "content_types": list(grant.content_types),
            "accept": content_types.accept_list(grant.content_types),
            "max_files_per_request": MAX_FILES,
            "expires_in": grant.profile.expires_in,
            "auth": "jwt" if self._settings.issuer else "none",
            "folder_forms": grant.profile.folder_forms and grant.max_files is None,
            **({} if name is None else {"profile": name}),
            **({"multipart_threshold": multipart.threshold} if multipart else {}),
            "version": VERSION,
            **_describe_token(grant),
        }

    def _folder_form(self, request: Request, invocation: Invocation) -> object:
        caller = self._authenticate(request, invocation)
        grant = caller.grant(request.query.get("profile"), invocation.log_fields)
        if not grant.profile.folder_forms:
            raise NotFound
        if grant.max_files is not None:
            raise FolderFormNotAllowed
        if not grant.content_types:
            raise TypeNotAllowed("No type of file may be uploaded with this token.")
        directory = new_directory(grant, self._runtime.random_hex)
        max_size = min(grant.max_size, MAX_POST_BYTES)
        form, types = self._sign_folder_form(directory, grant, max_size, invocation)
        return {
            "dir": directory,
            "host": self._settings.upload_url,
            "policy": form.fields["policy"],
            "security_token": form.fields["x-oss-security-token"],
            "signature": form.fields["x-oss-signature"],
            "x_oss_credential": form.fields["x-oss-credential"],
            "x_oss_date": form.fields["x-oss-date"],
            "x_oss_signature_version": form.fields["x-oss-signature-version"],
            "expires_at": form.expires_at,
            "max_size": max_size,
            "content_types": types,
        }

    def _sign_folder_form(
        self, directory: str, grant: Grant, max_size: int, invocation: Invocation
    ) -> tuple[Form, list[str]]:
        """Returns the form, and the types that fit into it: the longer the security token, the fewer."""
        signer, lifetime = self._signer(invocation), grant.profile.form_lifetime(max_size)
        allowed = tuple(grant.content_types)
        max_bytes = content_types.FOLDER_FORM_BYTES
        while True:
            types, names = content_types.folder_form_types(allowed, max_bytes)
            try:
                form = signer.sign_folder_form(directory, content_types=names, max_size=max_size, lifetime=lifetime)
            except FormTooLarge:
                if len(types) == 1:
                    raise
                max_bytes = max_bytes * 3 // 4
            else:
                return form, types

    def _sign(self, request: Request, invocation: Invocation) -> object:
        """Checks every file before it signs any form, so that refused files cost no AssumeRole."""
        caller = self._authenticate(request, invocation)
        body = parse_json(request.body)
        entries = parse_files(body)
        grant = caller.grant(body.get("profile"), invocation.log_fields)
        keys = ObjectKeys(grant, entries, self._runtime.random_hex)
        results = [_check(entry, grant, keys) for entry in entries]
        uploads = [result for result in results if isinstance(result, Upload)]
        invocation.log_fields |= {"files": len(results), "bytes": sum(upload.size for upload in uploads)}
        invocation.log_fields["refused"] = [result.code for result in results if isinstance(result, ApiError)] or None
        answers = iter(self._answer_uploads(uploads, grant, invocation))
        return {"uploads": [result.to_json() if isinstance(result, ApiError) else next(answers) for result in results]}

    def _answer_uploads(self, uploads: list[Upload], grant: Grant, invocation: Invocation) -> list[object]:
        if not uploads:
            return []
        signer = self._signer(invocation)
        forms = [self._sign_upload(upload, grant, signer, invocation.now) for upload in uploads]
        return [
            {
                "method": "POST",
                "url": self._settings.upload_url,
                "fields": form.fields,
                "key": upload.key,
                "expires_at": form.expires_at,
                **({} if upload.slot is None else {"slot": upload.slot}),
            }
            for upload, form in zip(uploads, forms, strict=True)
        ]

    def _sign_upload(self, upload: Upload, grant: Grant, signer: Signer, now: float) -> Form:
        lifetime = grant.profile.form_lifetime(upload.size)
        extra_fields: dict[str, str] = {}
        if self._settings.callback and grant.profile.callback:
            extra_fields = self._settings.callback.fields(
                key=upload.key,
                size=upload.size,
                content_type=upload.content_type,
                subject=grant.subject,
                profile=grant.profile.label,
                slot=upload.slot,
                form_ends=now + lifetime,
            )
        return signer.sign_exact_form(upload, lifetime=lifetime, extra_fields=extra_fields)

    def _multipart(self, request: Request, invocation: Invocation) -> object:
        # Imported lazily: most instances sign forms only.
        from direct_upload.multipart_routes import MultipartRoutes  # noqa: PLC0415

        assert self._settings.multipart is not None  # noqa: S101 - for the type checker: else there is no such route
        routes = MultipartRoutes(
            self._settings.multipart,
            self._settings,
            authenticate=self._authenticate,
            get_credentials=self._get_credentials,
            random_hex=self._runtime.random_hex,
        )
        return routes.handle(request, invocation)

    def _signer(self, invocation: Invocation) -> Signer:
        bucket, region = self._settings.bucket, self._settings.region
        return Signer(self._get_credentials(invocation), bucket=bucket, region=region, now=invocation.now)

    def _get_credentials(self, invocation: Invocation) -> Credentials:
        return self._credentials.get(
            invocation.now,
            lambda: own_credentials(invocation.context, self._runtime.environ),
            lambda: sts.role_session_name(invocation.context),
            invocation.log_event,
        )


def _provider_keys(settings: Settings) -> ProviderKeys | None:
    if settings.issuer is None or settings.issuer.keys:
        return None
    # Imported lazily: most instances read no provider's keys.
    from direct_upload.provider_keys import ProviderKeys  # noqa: PLC0415

    return ProviderKeys(settings.issuer)


def _check(entry: Any, grant: Grant, keys: ObjectKeys) -> Upload | ApiError:
    try:
        upload = check_upload(entry, grant, keys)
        if upload.size > MAX_POST_BYTES:
            raise TooLarge("A form takes at most 5 GB. Send the file in parts: POST /multipart.")
    except ApiError as error:
        return error
    else:
        return upload


def _describe_token(grant: Grant) -> dict[str, object]:
    """Returns what a page can tell its user of their token; nothing without one."""
    members = {"subject": grant.sub, "max_files": grant.max_files, "title": grant.title, "note": grant.note}
    described: dict[str, object] = {name: value for name, value in members.items() if value}
    if grant.expires_at is not None:
        described["token_expires_at"] = format_time(grant.expires_at)
    return described
