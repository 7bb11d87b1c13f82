"""Verification that the mesh is what the settings say: the Ansible role's own checks, and more."""

from collections.abc import Callable, Iterable

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight import cut_callers, extra_values, ingress_certificates
from pi_mesh.checks.traffic import orders
from pi_mesh.checks.verification_input import VerificationInput
from pi_mesh.checks.verify import (
    access,
    attached_routes,
    drift_of_releases,
    helm_releases,
    istio_crds,
    mesh_certificates,
    mesh_pods,
    mutual_tls,
    proxy_configuration,
    read_only_verification,
    resource_profile,
    services,
    settings_applied,
    sidecar_injection,
    stale_proxies,
    webhooks,
)

CHECKS: tuple[Callable[[VerificationInput], Iterable[Finding]], ...] = (
    helm_releases.check,
    settings_applied.check,
    extra_values.check_applied,
    mesh_pods.check,
    services.check,
    ingress_certificates.check_served,
    istio_crds.check,
    webhooks.check,
    sidecar_injection.check_new_pods,
    resource_profile.check,
    stale_proxies.check,
    mutual_tls.check,
    access.check,
    cut_callers.check_audit,
    proxy_configuration.check,
    orders.check_live_routes,
    attached_routes.check,
    mesh_certificates.check,
    drift_of_releases.check_own_objects,
    drift_of_releases.check_releases,
    read_only_verification.check,
    sidecar_injection.check_running_pods,
)


def run(seen: VerificationInput) -> list[Finding]:
    """Return all findings, those of the Ansible role's own checks first."""
    return [finding for check in CHECKS for finding in check(seen)]
