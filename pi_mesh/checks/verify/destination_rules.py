"""DestinationRules that keep callers from Istio's mutual TLS."""

from collections.abc import Iterator
from typing import Any

from pi_mesh.checks.finding import Finding, error, warning
from pi_mesh.checks.policy_words import managed, subject_of
from pi_mesh.checks.verify.encryption import ID, modes_of
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.peer_modes import PeerModes
from pi_mesh.checks.verify.selection import first_sorted, folded, is_as_asked, own_namespaces, remedy
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policy
from pi_mesh.settings.traffic.names import full_name

MUTUAL = "ISTIO_MUTUAL"


def judge(seen: VerificationInput) -> Iterator[Finding]:
    rules = [(rule, found) for rule in seen.policies.of_kind("DestinationRule") if (found := modes(rule))]
    if not rules:
        return
    services = {full_name(entry.name, entry.namespace): entry for entry in seen.snapshot.services}
    ours, peers = own_namespaces(seen), modes_of(seen)
    judged = (_judged(seen, peers, rule, found, _callees(seen, services, _full(rule))) for rule, found in rules)
    present = [finding for finding in judged if finding]
    yield from (finding for finding in present if finding.name.partition("/")[0] in ours)
    others = [finding for finding in present if finding.name.partition("/")[0] not in ours]
    yield from folded(others, "keep callers from mutual TLS")


def modes(rule: Policy) -> list[str]:
    """Return the TLS modes of a rule other than Istio's own: "DISABLE", "SIMPLE for subset v1"."""
    spec = rule.spec
    subsets = [(f" for subset {entry.get('name')}", entry.get("trafficPolicy")) for entry in spec.get("subsets") or []]
    found: list[str] = []
    for suffix, policy in [("", spec.get("trafficPolicy")), *subsets]:
        found += [f"{mode}{suffix}" for mode in _modes(policy or {}) if mode != MUTUAL]
    return list(dict.fromkeys(found))


def _modes(policy: dict[str, Any]) -> Iterator[str]:
    for part in (policy, *(policy.get("portLevelSettings") or [])):
        if (tls := part.get("tls")) is not None:
            yield tls.get("mode", "DISABLE")


def _judged(
    seen: VerificationInput, peers: PeerModes, rule: Policy, found: list[str], callees: dict[str, list[Pod]]
) -> Finding | None:
    """Judge a rule with such modes; `callees` has the services of its host, with their pods that have a proxy."""
    if not callees or is_as_asked(seen, rule):
        return None
    ours = rule.namespace in own_namespaces(seen)
    strict = any(peers.mode(pod) == "STRICT" for pods in callees.values() for pod in pods)
    effect = "which STRICT refuses" if strict else "with no identity of the mesh"
    callers = "sidecars" if ours else f"sidecars of {rule.namespace}"
    calls = f"{callers} call {first_sorted(callees)} without mutual TLS, {effect}"
    message = f"has tls {', '.join(found)}: {calls}; {managed(rule)}"
    return (error if ours and strict else warning)(ID, subject_of(rule), message, remedy(seen, rule))


def _callees(seen: VerificationInput, services: dict[str, Service], host: str) -> dict[str, list[Pod]]:
    suffix = host.removeprefix("*")
    names = [name for name in services if name.endswith(suffix)] if host.startswith("*") else [host]
    found = {name: _behind(seen, services[name]) for name in names if name in services}
    return {name: pods for name, pods in found.items() if pods}


def _behind(seen: VerificationInput, service: Service) -> list[Pod]:
    pods, selector = seen.meshed_pods.get(service.namespace, []), service.selector
    return [pod for pod in pods if selector.items() <= pod.labels.items()] if selector else []


def _full(rule: Policy) -> str:
    """Return the rule's host with its namespace."""
    return full_name(str(rule.spec.get("host", "")), rule.namespace)
