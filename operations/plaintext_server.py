"""The server for the plain-text call."""

from operations import envoy_server
from operations.short_lived import ShortLived
from pi_mesh.checks.verify.encryption import EXCLUDED
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.values.placement import node_selector

GUARDED, CONTROL = 8080, 8081
"""Ports of the Job's server: the proxy stands before the first, and not before the second."""


def of(seen: VerificationInput, namespace: str) -> ShortLived:
    """Return a pod in which Envoy answers on both ports: the proxy's image has no other server."""
    answers = {port: [envoy_server.answer()] for port in (GUARDED, CONTROL)}
    container = envoy_server.container(seen.settings, CONTROL, answers)
    pod = {"nodeSelector": node_selector(seen.settings)}
    marks = {EXCLUDED: str(CONTROL)}
    return ShortLived(namespace, "plain-text-call", seen.mesh.stack, (container,), annotations=marks, pod=pod)
