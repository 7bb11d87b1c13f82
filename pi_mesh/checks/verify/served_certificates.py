"""Each listener with TLS must have a certificate that is valid now and names its hosts."""

from collections.abc import Iterator

from pi_mesh.checks import listener_certificates
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.verify.input import VerificationInput


def check(seen: VerificationInput) -> Iterator[Finding]:
    yield from listener_certificates.judge(seen.settings, seen.snapshot, seen.now)
