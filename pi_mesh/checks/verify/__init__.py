"""The proof that the mesh is what the settings say: the role's verification section as a table, and more."""

from collections.abc import Callable, Iterable

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.verify import (
    authority,
    crds,
    drift,
    injection,
    mtls,
    objects,
    pods,
    profile,
    releases,
    services,
    webhooks,
    workloads,
)
from pi_mesh.checks.verify.input import Facts

CHECKS: tuple[Callable[[Facts], Iterable[Finding]], ...] = (
    releases.check,
    pods.check,
    services.check,
    crds.check,
    webhooks.check,
    injection.check,
    profile.check,
    mtls.check,
    authority.check,
    objects.check,
    drift.check,
    workloads.check,
)


def run(facts: Facts) -> list[Finding]:
    """All findings, the role's own checks first."""
    return [finding for check in CHECKS for finding in check(facts)]
