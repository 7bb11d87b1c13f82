"""DestinationRules that keep callers from Istio's mutual TLS."""

from collections.abc import Iterator
from typing import Any

from pi_mesh.checks.finding import Finding, error, warning
from pi_mesh.checks.verify.encryption import ID, modes_of
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.selection import folded, is_as_asked, meshed_pods, own_namespaces, remedy, subject_of
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policy

DOMAIN = "svc.cluster.local"
MUTUAL = "ISTIO_MUTUAL"
SHOWN = 3


def check(seen: VerificationInput) -> Iterator[Finding]:
    rules = [(rule, found) for rule in seen.policies.of_kind("DestinationRule") if (found := modes(rule))]
    if not rules:
        return
    ours, findings = own_namespaces(seen), [_judged(seen, *rule) for rule in rules]
    present = [finding for finding in findings if finding]
    yield from (finding for finding in present if finding.name.partition("/")[0] in ours)
    others = [finding for finding in present if finding.name.partition("/")[0] not in ours]
    yield from folded(others, "keep callers from mutual TLS")


def modes(rule: Policy) -> list[str]:
    """Return the TLS modes other than Istio's own that a rule gives: "DISABLE", "SIMPLE for subset v1"."""
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


def _judged(seen: VerificationInput, rule: Policy, found: list[str]) -> Finding | None:
    pods = _callees(seen, _full(rule))
    if not pods or is_as_asked(seen, rule):
        return None
    names = sorted(pods)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    peers, ours = modes_of(seen), rule.namespace in own_namespaces(seen)
    strict = any(peers.mode(pod) == "STRICT" for behind in pods.values() for pod in behind)
    effect = "which STRICT refuses" if strict else "with no identity of the mesh"
    callers = "sidecars" if ours else f"sidecars of {rule.namespace}"
    calls = f"{callers} call {', '.join(names[:SHOWN])}{more} without mutual TLS, {effect}"
    message = f"has tls {', '.join(found)}: {calls}; it is of {rule.manager}"
    return (error if ours and strict else warning)(ID, subject_of(rule), message, remedy(seen, rule))


def _callees(seen: VerificationInput, host: str) -> dict[str, list[Pod]]:
    """Return the services of the mesh that a host means, each with its pods that have a proxy."""
    pods = meshed_pods(seen)
    named = ((f"{entry.name}.{entry.namespace}.{DOMAIN}", entry) for entry in seen.snapshot.services)
    found = {name: _behind(entry, pods) for name, entry in named if _is_host(host, name)}
    return {name: behind for name, behind in found.items() if behind}


def _behind(service: Service, pods: list[Pod]) -> list[Pod]:
    if not service.selector:
        return []
    return [
        pod for pod in pods if pod.namespace == service.namespace and service.selector.items() <= pod.labels.items()
    ]


def _full(rule: Policy) -> str:
    """Return the host with its namespace: Istio completes only names without a dot."""
    host = str(rule.spec.get("host", ""))
    return host if "." in host or host.startswith("*") else f"{host}.{rule.namespace}.{DOMAIN}"


def _is_host(host: str, name: str) -> bool:
    return name.endswith(host[1:]) if host.startswith("*") else host == name
