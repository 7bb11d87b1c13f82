"""The proof that the mesh is what the settings say: the role's verification section as a table, and more."""

from collections.abc import Callable, Iterable

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.verify import (
    authority,
    authorization,
    crds,
    drift,
    injection,
    mtls,
    objects,
    pods,
    proxy_configuration,
    releases,
    resource_profile,
    services,
    webhooks,
    workloads,
)
from pi_mesh.checks.verify.input import VerificationInput

CHECKS: tuple[Callable[[VerificationInput], Iterable[Finding]], ...] = (
    releases.check,
    pods.check,
    services.check,
    crds.check,
    webhooks.check,
    injection.check,
    resource_profile.check,
    mtls.check,
    authorization.check,
    proxy_configuration.check,
    authority.check,
    objects.check,
    drift.check,
    workloads.check,
)


def run(seen: VerificationInput) -> list[Finding]:
    """All findings, the role's own checks first."""
    return [finding for check in CHECKS for finding in check(seen)]
