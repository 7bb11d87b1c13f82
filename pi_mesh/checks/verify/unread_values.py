"""Extra Helm values must be read by a template of their chart, or they were never applied."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, setting
from pi_mesh.checks.preflight.extra_values import FIX, ID, unread_values
from pi_mesh.checks.verify.input import VerificationInput


def check(seen: VerificationInput) -> Iterator[Finding]:
    for key, message in unread_values(seen.mesh):
        yield error(ID, setting(key), message, FIX)
