"""The signers above the mesh's CA, up to the root."""

from datetime import datetime, timedelta

from pi_mesh.certificates import pem
from pi_mesh.certificates.chain import verify_signers
from pi_mesh.certificates.pem import CertificateError, Certificates, issued, title


def up_to_root(text: str, mount: str) -> Certificates:
    """Return the first certificate of a PEM text, then each signer, the root last.

    Raises CertificateError if the text, which Vault's PKI mount returned, has no root for the certificate.
    """
    where = f"vault.rootMount {mount}"
    known = pem.certificates(text, where)
    first, *_ = known
    chain, last = [first], first
    while not issued(last, last):
        above = next((one for one in known if one not in chain and issued(last, one)), None)
        if above is None:
            raise CertificateError(
                f"{where}: the chain of {title(first)} has no root: it ends at {title(last)}, whose signer "
                "Vault does not know; have its owner import the root's certificate there: "
                f"`vault write {mount}/issuers/import/cert pem_bundle=@root.pem`"
            )
        chain.append(above)
        last = above
    return tuple(chain)


def require_room(chain: Certificates, life: timedelta, now: datetime, where: str) -> None:
    """Refuse a new CA whose lifetime exceeds that of its signers. Raises CertificateError.

    Vault before 1.17 lets a certificate outlive its signer; later versions shorten it silently.
    """
    verify_signers(chain, now, where)
    first = min(chain, key=lambda one: one.not_valid_after_utc)
    left = first.not_valid_after_utc - now
    if life > left:
        raise CertificateError(
            f"vault.ttl {life // timedelta(hours=1)}h would outlive its signer {title(first)}, which ends "
            f"{first.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: at most {left // timedelta(hours=1)}h"
        )
