"""A CA in a Secret: its certificates, its key, and further trusted roots."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pi_mesh.certificates import pem
from pi_mesh.certificates.pem import CertificateError


@dataclass(frozen=True)
class SigningFiles:
    """PEM texts of the chain, the CA first and the root last, and of its key."""

    chain: str
    key: str = field(repr=False)
    further_roots: tuple[str, ...] = ()


def of(files: Mapping[str, str], where: str) -> SigningFiles:
    """Return the CA in a Secret's files, by Istio's file names. Raises CertificateError if a file is missing."""
    for name in ("ca-cert.pem", "ca-key.pem"):
        if not files.get(name, "").strip():
            raise CertificateError(f"{where}: has neither {name} nor the keys of a Secret of type kubernetes.io/tls")
    path = [*pem.certificates(files["ca-cert.pem"], where)]
    path += [one for one in _optional(files, "cert-chain.pem", where) if one not in path]
    roots = _optional(files, "root-cert.pem", where)
    *_, last = path
    if not pem.issued(last, last) and (root := next((one for one in roots if pem.issued(last, one)), None)):
        path.append(root)
    further = tuple(pem.text((one,)) for one in roots if one not in path)
    return SigningFiles(pem.text(tuple(path)), files["ca-key.pem"], further)


def _optional(files: Mapping[str, str], name: str, where: str) -> pem.Certificates:
    text = files.get(name, "")
    return pem.certificates(text, f"{where}: {name}") if text.strip() else ()
