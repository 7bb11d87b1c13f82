"""Verification that the mesh is what the settings say: the Ansible role's own checks, and more."""

from collections.abc import Callable, Iterable

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.verify import (
    attached_routes,
    audited_calls,
    authority,
    authorization,
    crds,
    drift,
    injection,
    left_by_up,
    mtls,
    objects,
    order_safety,
    pods,
    proxies,
    proxy_configuration,
    releases,
    resource_profile,
    served_certificates,
    services,
    unapplied,
    unread_values,
    webhooks,
    workloads,
)
from pi_mesh.checks.verify.input import VerificationInput

CHECKS: tuple[Callable[[VerificationInput], Iterable[Finding]], ...] = (
    releases.check,
    unapplied.check,
    unread_values.check,
    pods.check,
    services.check,
    served_certificates.check,
    crds.check,
    webhooks.check,
    injection.check,
    resource_profile.check,
    proxies.check,
    mtls.check,
    authorization.check,
    audited_calls.check,
    proxy_configuration.check,
    order_safety.check,
    attached_routes.check,
    authority.check,
    objects.check,
    drift.check,
    left_by_up.check,
    workloads.check,
)


def run(seen: VerificationInput) -> list[Finding]:
    """Return all findings, those of the Ansible role's own checks first."""
    return [finding for check in CHECKS for finding in check(seen)]
