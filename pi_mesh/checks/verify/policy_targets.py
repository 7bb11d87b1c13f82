"""Selection of pods by a policy, and ownership of policies."""

from collections.abc import Iterable
from typing import Any

from pi_mesh.checks.finding import Finding, Level, Subject, error, subject_of, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.remedies import reset_commands, workload_of
from pi_mesh.cluster.objects import PULUMI
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import ROOT_SELECTORS_IGNORED, Policy
from pi_mesh.words import counted, listed

SHOWN = 3
Effect = tuple[Level, str]
"""Level of a policy's effect, and the effect as a verb with its object."""


def meshed_pods(observation: Observation) -> list[Pod]:
    return [pod for pods in observation.meshed_pods.values() for pod in pods]


def own_namespaces(observation: Observation) -> set[str]:
    """Return the namespaces whose policies apply to this stack's workloads; the root namespace's apply everywhere."""
    settings = observation.settings
    workloads = {namespace.name for namespace in settings.workload_namespaces}
    return {settings.istio.namespace, settings.ingress_namespace, observation.policies.root_namespace} | workloads


def workloads_subject(observation: Observation) -> Subject:
    """Return the namespace of the workloads; all of them without a name where there are several."""
    first, *further = observation.settings.workload_namespaces
    return Subject("namespace", "" if further else first.name)


def selected(observation: Observation, policy: Policy) -> list[Pod]:
    """Return the pods of the mesh that a policy selects now."""
    rooted = policy.namespace == observation.policies.root_namespace
    everywhere = rooted and not (policy.selected_labels and policy.kind in ROOT_SELECTORS_IGNORED)
    pods = meshed_pods(observation) if everywhere else observation.meshed_pods.get(policy.namespace, [])
    return [pod for pod in pods if policy.applies_to(pod.namespace, pod.labels)]


def pods_in_words(pods: Iterable[Pod]) -> str:
    """Return the pods by their number and their workloads: "2 pods (trading/app)"."""
    all_pods = list(pods)
    if not all_pods:
        return "no running pod"
    return f"{counted(len(all_pods), 'pod')} ({listed(sorted({workload_of(pod).name for pod in all_pods}), SHOWN)})"


def is_of_stack(observation: Observation, policy: Policy) -> bool:
    """Return True for an object of the settings or of one of the stack's releases."""
    return wanted_manifest(observation, policy) is not None


def is_as_asked(observation: Observation, policy: Policy) -> bool:
    """Return True for an object of this stack that is exactly what the settings, or the release's chart, give."""
    asked = wanted_manifest(observation, policy)
    return asked is not None and (asked.get("spec") or {}) == dict(policy.spec)


def wanted_manifest(observation: Observation, policy: Policy) -> dict[str, Any] | None:
    """Return the manifest that the settings or a chart give for an object; None if neither asks for it."""
    return _charted(observation, policy) or _set(observation, policy)


def _charted(observation: Observation, policy: Policy) -> dict[str, Any] | None:
    """Return the manifest that a chart gives for an object."""
    # A label with this stack's release is no proof: the object must be in the manifest that Helm recorded.
    pairs = (pair for pair in observation.live.pairs if pair.release and pair.release == policy.release)
    return next((pair.wanted for pair in pairs if _is_named(pair.wanted, policy, pair.release)), None)


def _set(observation: Observation, policy: Policy) -> dict[str, Any] | None:
    """Return the manifest that the settings give for an object."""
    return next((item.manifest for item in observation.mesh.objects if _is_named(item.manifest, policy)), None)


def _is_named(manifest: dict[str, Any], policy: Policy, release: str = "") -> bool:
    """Return True for the manifest of an object; a release's manifest is by default in the release's namespace."""
    meta = manifest["metadata"]
    return (manifest["kind"], meta.get("namespace") or release.partition("/")[0], meta["name"]) == policy.key


def remedy(observation: Observation, policy: Policy, setting: str = "") -> str:
    """Return what to do about an object that should not exist, or should be different."""
    if _charted(observation, policy):
        return observation.restore(policy.release)
    if asked := _set(observation, policy):
        return reset_commands(asked)
    instead = f", or ask for it in {setting}" if setting else ""
    if policy.manager == PULUMI:
        return f"`pulumi up` removes it where it is this stack's; else remove it from its own stack{instead}"
    source = f" from {policy.manager}" if policy.manager and not policy.manager.startswith("field manager") else ""
    return f"if it is not wanted, remove it{source}{instead}"


def finding_of(check: str, observation: Observation, policy: Policy, effect: Effect, setting: str = "") -> Finding:
    """Return the finding for a policy that differs from the settings; one of this stack is always an error."""
    level, words = effect
    where, fix = pods_in_words(selected(observation, policy)), remedy(observation, policy, setting)
    if is_of_stack(observation, policy):
        return error(check, subject_of(policy), f"is not as the settings ask: it now {words}; it selects {where}", fix)
    message = f"{words}; it selects {where}; {policy.managed}"
    return (error if level is Level.ERROR else warning)(check, subject_of(policy), message, fix)


def folded(observation: Observation, findings: Iterable[Finding], what: str) -> list[Finding]:
    """Return the findings about own namespaces first, and many about others as one with the verb phrase `what`."""
    ours, judged = own_namespaces(observation), list(findings)
    own = [finding for finding in judged if finding.name.partition("/")[0] in ours]
    others = [finding for finding in judged if finding.name.partition("/")[0] not in ours]
    if len(others) <= SHOWN:
        return [*own, *others]
    (first, *_), names = others, [finding.name for finding in others]
    message = f"{len(names)} of other namespaces {what}: {listed(sorted(names), SHOWN)}"
    fix = f"`kubectl get {first.kind.lower()} -A` lists them; their owners know whether they are wanted"
    return [*own, warning(first.id, Subject(first.kind), message, fix, number=len(names))]
