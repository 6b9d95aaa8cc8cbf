"""After the stack is there: what ROS cannot do to a bucket in an order one may rely on.

Opens the page's bucket for reading (first the block goes, then the ACL comes: the other way round is refused), and
binds the domains that are set. A domain that is not yet proven to be one's own is tried again by the next deployment.
Reads JSON on standard input, from s.yaml.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import alibabacloud_oss_v2 as oss

from deploy.hooks import oss_client
from deploy.names import certificate_for_oss
from deploy.oss_client import refusal
from localcloud.terminal import guard_output

_UNPROVEN = "NeedVerifyDomainOwnership"
"""OSS's code for a domain whose TXT record it does not find."""


def open_for_reading(client: oss.Client, bucket: str) -> None:
    """Lets anybody read the bucket."""
    unblocked = oss.PublicAccessBlockConfiguration(block_public_access=False)
    client.put_bucket_public_access_block(
        oss.PutBucketPublicAccessBlockRequest(bucket=bucket, public_access_block_configuration=unblocked)
    )
    client.put_bucket_acl(oss.PutBucketAclRequest(bucket=bucket, acl="public-read"))


def bind(client: oss.Client, bucket: str, domain: str, certificate: str, host: str) -> str:
    """Binds a domain, and the certificate of that ID if there is one, to a bucket. What is left to do, or was done.

    `host` is the bucket's own, which the domain's CNAME record must name.
    """
    bound = client.list_cname(oss.ListCnameRequest(bucket=bucket)).cnames or []
    if any(_is(known, domain, certificate) for known in bound):
        return ""
    configuration = oss.BucketCnameConfiguration(
        cname=oss.Cname(
            domain=domain,
            certificate_configuration=oss.CertificateConfiguration(cert_id=certificate, force=True)
            if certificate
            else None,
        )
    )
    try:
        client.put_cname(oss.PutCnameRequest(bucket=bucket, bucket_cname_configuration=configuration))
    except oss.exceptions.OperationError as fault:
        refused = refusal(fault)
        if refused is None or refused.code != _UNPROVEN:
            raise
        return _prove(client, bucket, domain)
    return f"{domain} is bound to {bucket}. Its CNAME record must be {host}."


def _is(known: oss.models.CnameInfo, domain: str, certificate: str) -> bool:
    has = known.certificate.cert_id if known.certificate else ""
    return bool(known.domain == domain and (not certificate or has == certificate))


def _prove(client: oss.Client, bucket: str, domain: str) -> str:
    asked = oss.BucketCnameConfiguration(cname=oss.Cname(domain=domain))
    made = client.create_cname_token(
        oss.CreateCnameTokenRequest(bucket=bucket, bucket_cname_configuration=asked)
    ).cname_token
    return (
        f"{domain} is not bound yet. To prove that it is yours, add this DNS record and deploy again "
        f"(the token is good until {made.expire_time}):\n    TXT  _dnsauth.{domain}  {made.token}"
    )


def main() -> int:
    """Returns the exit code: 0, or 1 with what OSS refused."""
    asked: Mapping[str, str] = json.load(sys.stdin)
    region = asked["region"]
    client = oss_client.client(region)
    try:
        open_for_reading(client, asked["site_bucket"])
        for use in ("site", "upload"):
            domain, bucket = asked[f"{use}_domain"], asked[f"{use}_bucket"]
            if domain and not (use == "upload" and asked["existing"]):  # deploy/hooks/existing_bucket.py saw it bound
                host = f"{bucket}.oss-{region}.aliyuncs.com"
                said = bind(client, bucket, domain, certificate_for_oss(asked[f"{use}_certificate"]), host)
                if said:
                    print(said)
    except oss.exceptions.OperationError as fault:
        refused = refusal(fault)
        print(f"OSS refused: {refused.code}: {refused.message}" if refused else str(fault), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
