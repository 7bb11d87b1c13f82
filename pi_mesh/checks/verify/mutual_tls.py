"""Mutual TLS must hold for every namespace, workload and port before it is reported as "STRICT"."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from pi_mesh.checks.finding import Finding, Subject, error, errors, ok, setting, unknown, warning
from pi_mesh.checks.policy_words import managed, subject_of
from pi_mesh.checks.verification_input import VerificationInput
from pi_mesh.checks.verify.peer_modes import DEFAULT, PeerModes, labels, mode_of, port_modes, weaker, weakest
from pi_mesh.checks.verify.policy_targets import (
    SHOWN,
    folded,
    is_as_asked,
    meshed_pods,
    own_namespaces,
    pods_in_words,
    remedy,
    selected,
)
from pi_mesh.checks.verify.remedies import REFRESH, reset_commands, workload_of
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import DEFAULT_ROOT, MESH_CONFIG, Policy
from pi_mesh.inventory import Kind
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.words import counted, listed

ID = "mutual TLS"
EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts"
INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"
PORT_VALUES = ("excludeInboundPorts", "includeInboundPorts")
INTERCEPTION = "sidecar.istio.io/interceptionMode"
EFFECTS = {"PERMISSIVE": "plain text is accepted too", "DISABLE": "only plain text is accepted"}


def modes_of(seen: VerificationInput) -> PeerModes:
    """Return the mutual TLS modes of all workloads."""
    return PeerModes(seen.policies.of_kind("PeerAuthentication"), seen.policies.root_namespace)


def policy_findings(seen: VerificationInput) -> Iterator[Finding]:
    modes, ours = modes_of(seen), own_namespaces(seen)
    for policy in modes.mesh_wide:
        yield from _beside_ours(seen, modes, policy)
    narrower = [policy for policy in modes.policies if policy not in modes.mesh_wide]
    yield from _without_none(_narrower(seen, modes, policy) for policy in narrower if policy.namespace in ours)
    others = _without_none(_narrower(seen, modes, policy) for policy in narrower if policy.namespace not in ours)
    yield from folded(list(others), "let plain text in")
    yield from _ports_without_proxy(seen)


def weakened_namespaces(seen: VerificationInput) -> set[str]:
    """Return the namespaces of the mesh where a workload or port has weaker encryption than the settings ask for."""
    modes, wanted = modes_of(seen), seen.settings.mtls.mode
    open_pods = {pod.namespace for pod in meshed_pods(seen) if left_out(pod.annotations)}
    injected = {entry.name for entry in seen.snapshot.namespaces if entry.is_injected}
    open_namespaces = {name for name in injected if weaker(modes.namespace_mode(name), wanted)}
    weak = {pod.namespace for pod in meshed_pods(seen) if weaker(weakest(modes.modes(pod)), wanted)}
    selecting = {policy.namespace for policy in modes.policies if labels(policy) and _weak_modes(policy, wanted)}
    everywhere = injected if left_out_of_all(seen) else set()
    return open_pods | open_namespaces | weak | (selecting & injected) | everywhere


def left_out(annotations: dict[str, str]) -> str:
    """Return the annotation, with its value, by which ports of a pod bypass the proxy; empty without one."""
    if annotations.get(INTERCEPTION) == "NONE":
        return f"{INTERCEPTION}: NONE"
    if ports := annotations.get(EXCLUDED, "").strip():
        return f"{EXCLUDED}: {ports}"
    included = annotations.get(INCLUDED, "*").strip()
    return "" if included == "*" else f'{INCLUDED}: "{included}"'


def left_out_of_all(seen: VerificationInput) -> str:
    """Return the chart value by which ports of every injected pod bypass the proxy; empty without one."""
    values: dict[str, Any] = seen.mesh.the(Kind.ISTIOD).values
    proxy = values["global"]["proxy"]
    given = {f"traffic.sidecar.istio.io/{key}": str(proxy[key]) for key in PORT_VALUES if key in proxy}
    return left_out(given).rpartition("/")[2]


def _without_none(findings: Iterable[Finding | None]) -> Iterator[Finding]:
    return (finding for finding in findings if finding)


def _beside_ours(seen: VerificationInput, modes: PeerModes, policy: Policy) -> Iterator[Finding]:
    """Judge a mesh-wide policy other than the one of the settings."""
    ours = (seen.settings.istio.namespace, "default")
    if (policy.namespace, policy.name) == ours:
        return
    mode, fix = mode_of(policy) or DEFAULT, remedy(seen, policy)
    if modes.in_force(policy):
        message = f"is older than {'/'.join(ours)}, so its {mode} holds for the whole mesh; {managed(policy)}"
        yield (warning if mode == seen.settings.mtls.mode else error)(ID, subject_of(policy), message, fix)
    else:
        message = f"is a second mesh-wide policy ({mode}): it would apply if {'/'.join(ours)} were created again"
        yield warning(ID, subject_of(policy), message, fix)


def _narrower(seen: VerificationInput, modes: PeerModes, policy: Policy) -> Finding | None:
    """Judge a policy of a namespace or of workloads."""
    weak = _weak_modes(policy, seen.settings.mtls.mode)
    if not weak:
        return None
    what = f"{', '.join(weak)}: {EFFECTS[weakest(mode.rpartition(' ')[2] for mode in weak)]}"
    where = pods_in_words(selected(seen, policy))
    if is_as_asked(seen, policy):
        if any(modes.mode(pod) != mode_of(policy) for pod in selected(seen, policy)):
            message = f"is overruled by an older policy of the same workloads: {where} may refuse the callers it is for"
            return warning(ID, subject_of(policy), message, "remove the older policy, if it is not wanted")
        return ok(ID, subject_of(policy), f"{what} by {where}, an exception that traffic.legacy.{policy.name} asks for")
    report, fix = partial(error, ID, subject_of(policy)), remedy(seen, policy, "traffic.legacy")
    if not modes.in_force(policy):
        report = partial(warning, ID, subject_of(policy))
        return report(f"{what}, but not in force: an older policy is, or its selector is in the root namespace", fix)
    if policy.namespace not in own_namespaces(seen):
        report = partial(warning, ID, subject_of(policy))
    return report(f"{what} by {where}; {managed(policy)}", fix)


def _weak_modes(policy: Policy, wanted: str) -> list[str]:
    """Return the modes of a policy that are weaker than the settings': "PERMISSIVE", "port 8080 DISABLE"."""
    mode = mode_of(policy)
    own = [mode] if mode and weaker(mode, wanted) else []
    return own + [f"port {port} {mode}" for port, mode in port_modes(policy).items() if weaker(mode, wanted)]


def _ports_without_proxy(seen: VerificationInput) -> Iterator[Finding]:
    if seen.settings.mtls.mode != "STRICT":
        return
    if value := left_out_of_all(seen):
        message = f"is {value.partition(': ')[2]}: these ports bypass the proxy of every injected pod"
        key = setting(f"istio.values.global.proxy.{value.partition(':')[0]}")
        yield warning(ID, key, message, "remove it, unless such ports must be open everywhere")
    reported: set[tuple[Subject, str]] = set()
    for pod in meshed_pods(seen):
        mark = left_out(pod.annotations)
        if not mark or (workload_of(pod), mark) in reported:
            continue
        reported.add((workload_of(pod), mark))
        message = f"has {mark}, so these ports bypass the proxy: plain text is accepted, and no policy applies"
        fix = "remove the annotation from its workload, unless such a port must be open"
        yield warning(ID, Subject("pod", f"{pod.namespace}/{pod.name}"), message, fix)


MUTUAL = "ISTIO_MUTUAL"


def rule_findings(seen: VerificationInput) -> Iterator[Finding]:
    rules = [(rule, found) for rule in seen.policies.of_kind("DestinationRule") if (found := tls_modes(rule))]
    if not rules:
        return
    services = {full_name(entry.name, entry.namespace): entry for entry in seen.snapshot.services}
    ours, peers = own_namespaces(seen), modes_of(seen)
    judged = (
        _rule_finding(seen, peers, rule, found, _callees(seen, services, _full_host(rule))) for rule, found in rules
    )
    present = [finding for finding in judged if finding]
    yield from (finding for finding in present if finding.name.partition("/")[0] in ours)
    others = [finding for finding in present if finding.name.partition("/")[0] not in ours]
    yield from folded(others, "keep callers from mutual TLS")


def tls_modes(rule: Policy) -> list[str]:
    """Return the TLS modes of a rule other than Istio's own: "DISABLE", "SIMPLE for subset v1"."""
    spec = rule.spec
    subsets = [(f" for subset {entry.get('name')}", entry.get("trafficPolicy")) for entry in spec.get("subsets") or []]
    found: list[str] = []
    for suffix, policy in [("", spec.get("trafficPolicy")), *subsets]:
        found += [f"{mode}{suffix}" for mode in _given_modes(policy or {}) if mode != MUTUAL]
    return list(dict.fromkeys(found))


def _given_modes(policy: dict[str, Any]) -> Iterator[str]:
    for part in (policy, *(policy.get("portLevelSettings") or [])):
        if (tls := part.get("tls")) is not None:
            yield tls.get("mode", "DISABLE")


def _rule_finding(
    seen: VerificationInput, peers: PeerModes, rule: Policy, found: list[str], callees: dict[str, list[Pod]]
) -> Finding | None:
    """Judge a rule with such modes; `callees` has the services of its host, with their pods that have a proxy."""
    if not callees or is_as_asked(seen, rule):
        return None
    ours = rule.namespace in own_namespaces(seen)
    strict = any(peers.mode(pod) == "STRICT" for pods in callees.values() for pod in pods)
    effect = "which STRICT refuses" if strict else "with no identity of the mesh"
    callers = "sidecars" if ours else f"sidecars of {rule.namespace}"
    calls = f"{callers} call {listed(sorted(callees), SHOWN)} without mutual TLS, {effect}"
    message = f"has tls {', '.join(found)}: {calls}; {managed(rule)}"
    return (error if ours and strict else warning)(ID, subject_of(rule), message, remedy(seen, rule))


def _callees(seen: VerificationInput, services: dict[str, Service], host: str) -> dict[str, list[Pod]]:
    suffix = host.removeprefix("*")
    names = [name for name in services if name.endswith(suffix)] if host.startswith("*") else [host]
    called = {name: services[name] for name in names if name in services}
    callees = {name: its.pods_behind(seen.meshed_pods.get(its.namespace, [])) for name, its in called.items()}
    return {name: pods for name, pods in callees.items() if pods}


def _full_host(rule: Policy) -> str:
    """Return the rule's host with its namespace."""
    return full_name(str(rule.spec.get("host", "")), rule.namespace)


NEEDED = ("PeerAuthentication", "DestinationRule", MESH_CONFIG)


def check(seen: VerificationInput) -> Iterator[Finding]:
    if unreadable := [kind for kind in NEEDED if kind in seen.policies.unreadable]:
        message = f"was not judged: {', '.join(unreadable)} may not be read"
        yield unknown(ID, _subject(seen), message, "ask for the right to get and list them")
        return
    findings = [*_mesh_wide(seen), *policy_findings(seen), *rule_findings(seen)]
    yield from findings
    if not errors(findings):
        yield ok(ID, _subject(seen), _summary(seen), number=len(meshed_pods(seen)))


def _subject(seen: VerificationInput) -> Subject:
    return Subject(
        "PeerAuthentication", f"{seen.settings.istio.namespace}/{_mesh_wide_policy(seen)['metadata']['name']}"
    )


def _mesh_wide_policy(seen: VerificationInput) -> Mapping[str, Any]:
    (item,) = seen.mesh.objects_of("mesh-mtls")
    return item.manifest


def _mesh_wide(seen: VerificationInput) -> Iterator[Finding]:
    yield from _mesh_config(seen)
    mode, subject = seen.settings.mtls.mode, _subject(seen)
    policies = modes_of(seen).policies
    found = next((policy for policy in policies if f"{policy.namespace}/{policy.name}" == subject.name), None)
    if not found:
        yield error(ID, subject, f"is not there: the mesh is {modes_of(seen).mesh_mode}, not {mode}", REFRESH)
        return
    spec = found.spec
    live = (spec.get("mtls") or {}).get("mode", "UNSET")
    if live != mode:
        yield error(ID, subject, f"says {live}, the settings say {mode}", reset_commands(_mesh_wide_policy(seen)))
    elif spec.get("selector") or spec.get("portLevelMtls"):
        message = f"has a selector or ports of its own, so it is not {mode} for the whole mesh"
        yield error(ID, subject, message, reset_commands(_mesh_wide_policy(seen)))


def _mesh_config(seen: VerificationInput) -> Iterator[Finding]:
    namespace, config = seen.settings.istio.namespace, seen.policies.mesh_config
    subject = Subject("configmap", f"{namespace}/istio")
    restore = f"set it back with {seen.restore(f'{namespace}/istiod')}, or remove it from istio.values.meshConfig"
    if config is None:
        yield error(ID, subject, "is missing or not valid YAML, so istiod's mesh config is not known", restore)
        return
    root = seen.policies.root_namespace
    if root != namespace:
        given = f"is {root}" if config.get("rootNamespace") else f"is not set, which means {DEFAULT_ROOT}"
        message = f"meshConfig.rootNamespace {given}: the PeerAuthentication in {namespace} holds for that alone"
        yield error(ID, subject, message, restore)
    if config.get("enableAutoMtls") is False:
        message = "meshConfig.enableAutoMtls is false: sidecars call each other in plain text"
        yield error(ID, subject, message, restore)


def _summary(seen: VerificationInput) -> str:
    mode, count = seen.settings.mtls.mode, len(meshed_pods(seen))
    pods = f"{counted(count, 'pod')} with a proxy"
    weak = weakened_namespaces(seen)
    if not weak:
        return f"{mode} for the whole mesh: every namespace, workload and port, {pods}"
    return (
        f"{mode} mesh-wide, but not for every workload and port of {listed(sorted(weak), SHOWN)} (see the rows there)"
    )
