"""The routes: what may be asked for, and the rooms that each request walks through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from direct_upload import content_types, sts
from direct_upload.authorize import Grant, authorise
from direct_upload.errors import FormTooLarge, TooLarge, TypeNotAllowed
from direct_upload.form import Form, Signer
from direct_upload.settings import MAX_POST, Settings
from direct_upload.upload import MAX_FILES, Upload, directory, entries, upload
from direct_upload.upload_credentials import UploadCredentials
from fc_http.errors import MethodNotAllowed, NotFound, Refused
from fc_http.event import Request, parse_json
from fc_http.invocation import Call
from oss_protocol.credentials import Credentials, own_credentials

FOLDER_FORM = "/get_post_signature_for_oss_upload"

MULTIPART = tuple(f"/multipart{step}" for step in ("", "/parts", "/list", "/complete", "/abort"))

_Route = Callable[[Request, Call], object]


class Routes:
    """Answers requests for forms and limits."""

    def __init__(
        self, settings: Settings, *, environ: Mapping[str, str], random_hex: Callable[[int], str], started: float
    ) -> None:
        """`environ` is read when credentials are needed, never before; `random_hex(n)` gives n random bytes in hex;
        `started` is when the instance did, in seconds since the epoch."""
        self._settings = settings
        self._environ = environ
        self._random_hex = random_hex
        self._credentials = UploadCredentials(
            sts.role_assumer(settings), longest_life=settings.longest_life, started=started
        )
        self._routes: dict[str, tuple[str, _Route]] = {"/sign": ("POST", self._sign), "/limits": ("GET", self._limits)}
        if settings.multipart:
            self._routes |= dict.fromkeys(MULTIPART, ("POST", self._multipart))
        if settings.folder_forms:
            self._routes[FOLDER_FORM] = ("GET", self._folder_form)

    def prepare(self, call: Call) -> None:
        """Have credentials before the first request. Raises CredentialsUnavailable, InstanceIsStale."""
        self._kept(call)

    def respond(self, request: Request, call: Call) -> object:
        """The payload of the answer. Raises Refused."""
        if request.path not in self._routes:
            raise NotFound
        method, route = self._routes[request.path]
        if request.method != method:
            raise MethodNotAllowed(method)
        return route(request, call)

    def _grant(self, request: Request, call: Call) -> Grant:
        grant = authorise(self._settings, request.headers.get("authorization"))
        call.logged["subject"] = grant.subject
        return grant

    def _limits(self, request: Request, call: Call) -> object:
        """What may be uploaded: by whoever asks, or without a token by anybody who has one."""
        anybody = self._settings.issuer and "authorization" not in request.headers
        grant = None if anybody else self._grant(request, call)
        limits = grant or self._settings
        return {
            "max_size": limits.max_size,
            "content_types": list(limits.content_types),
            "accept": content_types.accept(limits.content_types),
            "max_files_per_request": MAX_FILES,
            "expires_in": self._settings.expires_in,
            "auth": "jwt" if self._settings.issuer else "none",
            "folder_forms": self._settings.folder_forms,
            **({"subject": grant.sub} if grant and grant.sub else {}),
            **({"multipart_threshold": self._settings.multipart.least} if self._settings.multipart else {}),
        }

    def _folder_form(self, request: Request, call: Call) -> object:
        grant = self._grant(request, call)
        if not grant.content_types:
            raise TypeNotAllowed("No type of file may be uploaded with this token.")
        where = directory(grant, self._random_hex)
        max_size = min(grant.max_size, MAX_POST)
        form, types = self._signed_folder_form(where, tuple(grant.content_types), max_size, call)
        return {
            "dir": where,
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

    def _signed_folder_form(
        self, where: str, allowed: tuple[str, ...], max_size: int, call: Call
    ) -> tuple[Form, list[str]]:
        """The form, and the types it has room for: the longer the security token, the fewer."""
        signer, life = self._signer(call), self._settings.life_of(max_size)
        room = content_types.FOLDER_ROOM
        while True:
            types, names = content_types.of_folder_form(allowed, room)
            try:
                return signer.folder_form(where, content_types=names, max_size=max_size, life=life), types
            except FormTooLarge:
                if len(types) == 1:
                    raise
                room = room * 3 // 4

    def _sign(self, request: Request, call: Call) -> object:
        """Every file is checked before any form is signed: what is refused costs no AssumeRole."""
        grant = self._grant(request, call)
        taken: set[str] = set()
        checked = [self._checked(entry, grant, taken) for entry in entries(parse_json(request.body))]
        uploads = [asked for asked in checked if isinstance(asked, Upload)]
        call.logged |= {"files": len(checked), "bytes": sum(asked.size for asked in uploads)}
        call.logged["refused"] = [asked.code for asked in checked if isinstance(asked, Refused)] or None
        forms = iter(self._exact_forms(uploads, grant, call))
        return {"uploads": [next(forms) if isinstance(asked, Upload) else asked.payload() for asked in checked]}

    def _checked(self, entry: Any, grant: Grant, taken: set[str]) -> Upload | Refused:
        try:
            asked = upload(entry, grant, taken=taken, random_hex=self._random_hex)
            if asked.size > MAX_POST:
                raise TooLarge("A form takes at most 5 GB. Send the file in parts: POST /multipart.")
        except Refused as refusal:
            return refusal
        else:
            return asked

    def _exact_forms(self, uploads: list[Upload], grant: Grant, call: Call) -> list[object]:
        if not uploads:
            return []
        signer = self._signer(call)
        forms = [self._exact_form(asked, grant, signer, call.now) for asked in uploads]
        return [
            {
                "method": "POST",
                "url": self._settings.upload_url,
                "fields": form.fields,
                "key": asked.key,
                "expires_at": form.expires_at,
            }
            for asked, form in zip(uploads, forms, strict=True)
        ]

    def _exact_form(self, asked: Upload, grant: Grant, signer: Signer, now: float) -> Form:
        life = self._settings.life_of(asked.size)
        more: dict[str, str] = {}
        if self._settings.callback:
            more = self._settings.callback.fields(
                key=asked.key,
                size=asked.size,
                content_type=asked.content_type,
                subject=grant.subject,
                form_ends=now + life,
            )
        return signer.exact_form(asked, life=life, more=more)

    def _multipart(self, request: Request, call: Call) -> object:
        # Imported here: whoever sends forms alone does not pay for it.
        from direct_upload.multipart_routes import MultipartRoutes  # noqa: PLC0415

        assert self._settings.multipart is not None  # noqa: S101 - for the type checker: else there is no such route
        return MultipartRoutes(
            self._settings.multipart, self._settings, grant=self._grant, kept=self._kept, random_hex=self._random_hex
        ).respond(request, call)

    def _signer(self, call: Call) -> Signer:
        bucket, region = self._settings.bucket, self._settings.region
        return Signer(self._kept(call), bucket=bucket, region=region, now=call.now)

    def _kept(self, call: Call) -> Credentials:
        return self._credentials.at(
            call.now,
            lambda: own_credentials(call.context, self._environ),
            sts.role_session_name(call.context),
            call.report,
        )
