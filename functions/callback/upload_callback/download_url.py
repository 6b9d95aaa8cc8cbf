"""The address at which people download what they have just uploaded: a presigned GET for one object, valid for a while.

It is signed with the credentials of the function's role, and works for anybody who has it.
"""

from __future__ import annotations

from urllib.parse import quote

from fc_http.instants import format_time
from oss_protocol import object_headers, presigned_url
from oss_protocol.credentials import OwnCredentials
from upload_callback.settings import Settings
from upload_callback.stored_object import StoredObject

CREDENTIALS_LIFETIME_SECONDS = 36 * 3600
"""How long Function Compute's credentials of an execution role are valid. They do not say when they end."""

_PLAIN = (("response-cache-control", "no-store"), ("response-content-encoding", "identity"))
"""In place of what the form's holder may have stored with the object: no cache keeps the file beyond the end, and no
browser makes other bytes of those that were checked."""


class DownloadUrls:
    """Makes download addresses for one instance, which remembers since when it has its credentials."""

    def __init__(self, settings: Settings, now: float) -> None:
        """The first credentials may be as old as the instance, which begins `now`."""
        self._settings = settings
        self._access_key_id = ""
        self._since = now

    def create(self, stored: StoredObject, own: OwnCredentials, *, now: float, ticket_end: float) -> dict[str, str]:
        """Returns the members of the response that have the address and its end; none if there is to be no address.

        It ends with the ticket at the latest, so that no callback that is sent again makes it live longer.
        """
        if self._settings.download_url_expires_in is None:
            return {}
        if own.access_key_id != self._access_key_id:
            self._since = now if self._access_key_id else self._since
            self._access_key_id = own.access_key_id
        end = min(ticket_end, self._since + CREDENTIALS_LIFETIME_SECONDS)
        lifetime = int(min(self._settings.download_url_expires_in, end - now))
        if lifetime < 1:
            return {}
        url = presigned_url.presign(
            "GET",
            self._settings.upload_url,
            stored.key,
            bucket=self._settings.bucket,
            region=self._settings.region,
            access_key_id=own.access_key_id,
            access_key_secret=own.access_key_secret,
            security_token=own.security_token,
            now=now,
            expires=lifetime,
            query=[("response-content-disposition", as_attachment(stored.filename)), *_PLAIN],
        )
        return {"download_url": url, "download_url_expires_at": format_time(int(now) + lifetime)}


def as_attachment(filename: str) -> str:
    """Returns the header with which browsers save a file under its name, without its folders."""
    return object_headers.attachment(quote(filename.rpartition("/")[2], safe=""))
