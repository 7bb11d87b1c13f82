"""Which pods of the mesh a policy selects, and whose policy it is."""

from collections.abc import Iterable
from typing import Any, cast

from pi_mesh.checks.finding import Finding, Level, Subject, error, warning
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.restart import workload
from pi_mesh.cluster.field_managers import PULUMI
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policy

SHOWN = 3
ROOT_SELECTORS_IGNORED = ("PeerAuthentication", "Sidecar", "Telemetry")
"""Kinds whose selector in the root namespace selects nothing elsewhere."""
Effect = tuple[Level, str]
"""How bad it is what a policy does, and what it does, as a verb with its object."""


def meshed_pods(seen: VerificationInput) -> list[Pod]:
    """Return the pods with the mesh's proxy."""
    return [pod for pods in seen.meshed_pods.values() for pod in pods]


def own_namespaces(seen: VerificationInput) -> set[str]:
    """Return the namespaces whose policies bear on what this stack made; those of the root one hold everywhere."""
    settings = seen.settings
    own = {settings.istio.namespace, settings.ingress_namespace, settings.trading.namespace}
    return own | {seen.policies.root_namespace}


def labels_of(policy: Policy) -> dict[str, str]:
    """Return the labels that a policy selects by; none where it selects all pods of its scope."""
    spec = policy.spec
    chosen = spec.get("selector") or spec.get("workloadSelector") or {}
    return chosen.get("matchLabels") or chosen.get("labels") or {}


def selected(seen: VerificationInput, policy: Policy) -> list[Pod]:
    """Return the pods of the mesh that a policy selects now."""
    if policy.spec.get("targetRef") or policy.spec.get("targetRefs"):
        return []  # of gateways and waypoints of the Kubernetes Gateway API, of which this mesh has none
    labels = labels_of(policy)
    rooted = policy.namespace == seen.policies.root_namespace
    everywhere = rooted and not (labels and policy.kind in ROOT_SELECTORS_IGNORED)
    pods = meshed_pods(seen) if everywhere else seen.meshed_pods.get(policy.namespace, [])
    return [pod for pod in pods if labels.items() <= pod.labels.items()]


def in_words(pods: Iterable[Pod]) -> str:
    """Return the pods by their number and their workloads: "2 pods (trading/app)"."""
    found = list(pods)
    if not found:
        return "no running pod"
    return f"{len(found)} {'pod' if len(found) == 1 else 'pods'} ({first_of({workload(pod).name for pod in found})})"


def first_of(names: Iterable[str]) -> str:
    """Return the first names and the number of the others: "a, b, c and 9 more"."""
    listed = sorted(names)
    return ", ".join(listed[:SHOWN]) + (f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else "")


def subject_of(policy: Policy) -> Subject:
    """Return the policy as the subject of a finding."""
    return Subject(policy.kind, f"{policy.namespace}/{policy.name}")


def is_ours(seen: VerificationInput, policy: Policy) -> bool:
    """Return True for an object that the settings give, or that one of the stack's releases brings."""
    return wanted_spec(seen, policy) is not None


def is_as_asked(seen: VerificationInput, policy: Policy) -> bool:
    """Return True for an object of ours that is what the settings, or the release's chart, give."""
    return wanted_spec(seen, policy) == dict(policy.spec)


def wanted_spec(seen: VerificationInput, policy: Policy) -> dict[str, Any] | None:
    """Return the spec that the settings, or a chart, give an object; None where neither asks for it.

    A label that names our release is no proof: the object must be in the manifest that Helm recorded.
    """
    for pair in seen.observed.pairs:
        if pair.release and pair.release == policy.release and _is_named(pair.wanted, policy, pair.release):
            return pair.wanted.get("spec") or {}
    for item in seen.mesh.objects:
        if _is_named(item.manifest, policy):
            return cast("dict[str, Any]", item.manifest.get("spec") or {})
    return None


def _is_named(manifest: dict[str, Any], policy: Policy, release: str = "") -> bool:
    """Return True for the manifest of an object; one of a release that names no namespace is in the release's."""
    meta = manifest["metadata"]
    namespace = meta.get("namespace") or release.partition("/")[0]
    return (manifest["kind"], namespace, meta["name"]) == policy.key


def remedy(seen: VerificationInput, policy: Policy, setting: str = "") -> str:
    """Return what to do about an object that should not be, or should be otherwise."""
    if is_ours(seen, policy):
        return "`pulumi up --refresh`"
    instead = f", or ask for it in {setting}" if setting else ""
    if policy.manager == PULUMI:
        return f"`pulumi up` removes it where it is this stack's; else remove it from its own stack{instead}"
    source = f" from {policy.manager}" if policy.manager and not policy.manager.startswith("field manager") else ""
    return f"if it is not wanted, remove it{source}{instead}"


def managed(policy: Policy) -> str:
    """Return who manages an object, as a clause."""
    return f"managed by {policy.manager}" if policy.manager else "it names no manager"


def finding_of(check: str, seen: VerificationInput, policy: Policy, effect: Effect, setting: str = "") -> Finding:
    """Return the finding of a policy that is not as the settings ask; one of ours is always an error."""
    level, words = effect
    where, fix = in_words(selected(seen, policy)), remedy(seen, policy, setting)
    if is_ours(seen, policy):
        return error(check, subject_of(policy), f"is not as the settings ask: it now {words}; it selects {where}", fix)
    message = f"{words}; it selects {where}; {managed(policy)}"
    return (error if level is Level.ERROR else warning)(check, subject_of(policy), message, fix)


def folded(findings: list[Finding], what: str) -> list[Finding]:
    """Return warnings about objects of other namespaces, as one where they are many; `what` they do, in words."""
    if len(findings) <= SHOWN:
        return findings
    first, names = findings[0], [finding.name for finding in findings]
    message = f"{len(names)} of other namespaces {what}: {first_of(names)}"
    fix = f"`kubectl get {first.kind.lower()} -A` lists them; their owners know whether they are wanted"
    return [warning(first.id, Subject(first.kind), message, fix, number=len(names))]
