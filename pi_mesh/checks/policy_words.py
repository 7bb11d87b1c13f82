"""An Istio object in the words of a finding."""

from pi_mesh.checks.finding import Subject
from pi_mesh.cluster.policies import Policy


def subject_of(policy: Policy) -> Subject:
    return Subject(policy.kind, policy.id)


def managed(policy: Policy) -> str:
    """Return the manager of an object, as a clause."""
    return f"managed by {policy.manager}" if policy.manager else "it names no manager"
