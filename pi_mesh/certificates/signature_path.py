"""Paths of signatures from a certificate in use to its root."""

from collections.abc import Iterable

from cryptography.x509 import Certificate

from pi_mesh.certificates.pem import issued


def leads(certificate: Certificate, root: Certificate, between: Iterable[Certificate] = ()) -> bool:
    """Return True if signatures lead from the certificate to the root, directly or through `between`."""
    rest = {*between}
    while not issued(certificate, root):
        signer = next((one for one in rest if issued(certificate, one)), None)
        if signer is None:
            return False
        rest.remove(signer)
        certificate = signer
    return True
