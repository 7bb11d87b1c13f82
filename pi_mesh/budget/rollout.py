"""How a Deployment's rollout surges."""

MAX_SURGE_PERCENT = 25
"""Kubernetes' default, and the only one that the gateway chart knows before 1.24; istiod's chart would say 100."""


def surge_pods(replicas: int) -> int:
    """Pods above the replicas while a rollout runs: the percentage, rounded up, as Kubernetes does."""
    return -(-replicas * MAX_SURGE_PERCENT // 100)
