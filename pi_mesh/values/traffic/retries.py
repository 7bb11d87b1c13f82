"""Istio's retry policies."""

from pi_mesh.settings.traffic.retries import Retries
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import given


def retry_policy(wanted: Retries) -> Object:
    """Return the policy; Istio refuses conditions beside zero attempts."""
    conditions = wanted.conditions if wanted.attempts else None
    return given(attempts=wanted.attempts, perTryTimeout=wanted.per_try_timeout, retryOn=conditions)
