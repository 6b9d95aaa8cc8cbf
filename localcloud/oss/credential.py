"""The credential of a signature: `<access key id>/<yyyymmdd>/<region>/<product>/aliyun_v4_request`, and its faults.

OSS has a page for each fault, with another EC for a form, a header and a query. Only the page about the region of a
form (0002-00000715) prints Code and Message; for all others both are our choice, after that page.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from localcloud.oss.errors import OssError, invalid_argument
from localcloud.oss.signature_v4 import PRODUCT, TERMINATOR

ACCESS_KEY_ID = re.compile("[!-.0-~]+")
"""Visible ASCII without a slash: our choice. The pages only say that a tab or a carriage return is not allowed."""


@dataclass(frozen=True)
class Credential:
    """The parts of a credential."""

    access_key_id: str
    date: str
    region: str
    product: str

    @property
    def scope(self) -> str:
        """Returns the credential without its access key id."""
        return f"{self.date}/{self.region}/{self.product}/{TERMINATOR}"

    def __str__(self) -> str:
        """Returns it as it is sent."""
        return f"{self.access_key_id}/{self.scope}"


@dataclass(frozen=True)
class CredentialReader:
    """Reads credentials at one place of a request. `argument` has them; the rest are the last three digits of ECs."""

    argument: str
    access_key_id: str
    date: str
    form: str
    """For a credential that does not have five parts, or does not end in the constant."""
    region: str
    product: str

    def parse(self, text: str) -> Credential:
        """Returns the parts of a credential. Raises OssError."""
        *parts, terminator = text.split("/")
        if terminator != TERMINATOR or len(parts) != 4:
            raise self._fault("The credential is malformed.", text, self.form)
        credential = Credential(*parts)
        if not ACCESS_KEY_ID.fullmatch(credential.access_key_id):
            raise self._fault("The access key id in credential is invalid.", text, self.access_key_id)
        if not _is_day(credential.date):
            raise self._fault("The signing date in credential is invalid.", text, self.date)
        return credential

    def check_scope(self, credential: Credential, region: str) -> None:
        """Raises OssError for a credential of another region than the bucket's, or of another product than OSS."""
        if credential.region != region:
            raise self._fault("The signing region in credential is invalid.", str(credential), self.region)
        if credential.product != PRODUCT:
            raise self._fault("The signing product in credential is invalid.", str(credential), self.product)

    def _fault(self, message: str, credential: str, ec: str) -> OssError:
        return invalid_argument(message, self.argument, credential, f"0002-00000{ec}")


FORM = CredentialReader("x-oss-credential", access_key_id="708", date="709", form="710", region="715", product="716")
HEADER = CredentialReader("Authorization", access_key_id="206", date="212", form="213", region="228", product="227")
QUERY = CredentialReader("x-oss-credential", access_key_id="222", date="223", form="224", region="226", product="224")
"""The page of 0002-00000224 says that the product is fixed; there is none about it alone."""


def _is_day(text: str) -> bool:
    try:
        return re.fullmatch("[0-9]{8}", text) is not None and bool(time.strptime(text, "%Y%m%d"))
    except ValueError:
        return False
