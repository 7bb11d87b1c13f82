"""Mutual TLS must hold for every namespace, workload and port before it is reported as "STRICT"."""

from collections.abc import Iterator
from typing import Any

from pi_mesh.checks.finding import Finding, Subject, error, errors, ok, setting, subject_of, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.peer_modes import DEFAULT, PeerModes, mode_of, port_modes, weaker, weakest
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
from pi_mesh.names import EXCLUDED_PORTS
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.values.objects import MESH_WIDE
from pi_mesh.words import counted, listed

ID = "mutual TLS"
INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"
PORT_VALUES = ("excludeInboundPorts", "includeInboundPorts")
INTERCEPTION = "sidecar.istio.io/interceptionMode"
EFFECTS = {"PERMISSIVE": "plain text is accepted too", "DISABLE": "only plain text is accepted"}


def modes_of(observation: Observation) -> PeerModes:
    return PeerModes(observation.policies.of_kind("PeerAuthentication"), observation.policies.root_namespace)


def weakened_namespaces(observation: Observation) -> set[str]:
    """Return the namespaces of the mesh where a workload or port has weaker encryption than the settings ask for."""
    modes, mode = modes_of(observation), observation.settings.mtls.mode
    open_pods = {pod.namespace for pod in meshed_pods(observation) if left_out(pod.annotations)}
    open_pods |= {pod.namespace for pod in meshed_pods(observation) if weaker(weakest(modes.modes(pod)), mode)}
    injected = {entry.name for entry in observation.snapshot.namespaces if entry.is_injected}
    if left_out_of_all(observation):
        return open_pods | injected
    weak = {policy.namespace for policy in modes.policies if policy.selected_labels and _weak_modes(policy, mode)}
    return open_pods | {name for name in injected if name in weak or weaker(modes.namespace_mode(name), mode)}


def left_out(annotations: dict[str, str]) -> str:
    """Return the annotation, with its value, by which ports of a pod bypass the proxy; empty without one."""
    if annotations.get(INTERCEPTION) == "NONE":
        return f"{INTERCEPTION}: NONE"
    if ports := annotations.get(EXCLUDED_PORTS, "").strip():
        return f"{EXCLUDED_PORTS}: {ports}"
    included = annotations.get(INCLUDED, "*").strip()
    return "" if included == "*" else f'{INCLUDED}: "{included}"'


def left_out_of_all(observation: Observation) -> str:
    """Return the chart value by which ports of every injected pod bypass the proxy; empty without one."""
    values: dict[str, Any] = observation.mesh.the(Kind.ISTIOD).values
    proxy = values["global"]["proxy"]
    given = {f"traffic.sidecar.istio.io/{key}": str(proxy[key]) for key in PORT_VALUES if key in proxy}
    return left_out(given).rpartition("/")[2]


def _beside_ours(observation: Observation, modes: PeerModes, policy: Policy) -> Iterator[Finding]:
    """Judge a mesh-wide policy other than the one of the settings."""
    ours = _subject(observation).name
    if policy.id == ours:
        return
    mode, fix = mode_of(policy) or DEFAULT, remedy(observation, policy)
    if modes.in_force(policy):
        message = f"is older than {ours}, so its {mode} holds for the whole mesh; {policy.managed}"
        yield (warning if mode == observation.settings.mtls.mode else error)(ID, subject_of(policy), message, fix)
    else:
        message = f"is a second mesh-wide policy ({mode}): it would apply if {ours} were created again"
        yield warning(ID, subject_of(policy), message, fix)


def _narrower(observation: Observation, modes: PeerModes, policy: Policy) -> Finding | None:
    """Judge a policy of a namespace or of workloads."""
    weak = _weak_modes(policy, observation.settings.mtls.mode)
    if not weak:
        return None
    what = f"{', '.join(weak)}: {EFFECTS[weakest(mode.rpartition(' ')[2] for mode in weak)]}"
    where = pods_in_words(selected(observation, policy))
    if is_as_asked(observation, policy):
        if any(modes.mode(pod) != mode_of(policy) for pod in selected(observation, policy)):
            message = f"is overruled by an older policy of the same workloads: {where} may refuse the callers it is for"
            return warning(ID, subject_of(policy), message, "remove the older policy, if it is not wanted")
        return ok(ID, subject_of(policy), f"{what} by {where}, an exception that traffic.legacy.{policy.name} asks for")
    fix = remedy(observation, policy, "traffic.legacy")
    if not modes.in_force(policy):
        message = f"{what}, but not in force: an older policy is, or its selector is in the root namespace"
        return warning(ID, subject_of(policy), message, fix)
    report = error if policy.namespace in own_namespaces(observation) else warning
    return report(ID, subject_of(policy), f"{what} by {where}; {policy.managed}", fix)


def _weak_modes(policy: Policy, needed: str) -> list[str]:
    """Return the modes of a policy that are weaker than the settings': "PERMISSIVE", "port 8080 DISABLE"."""
    mode = mode_of(policy)
    own = [mode] if mode and weaker(mode, needed) else []
    return own + [f"port {port} {mode}" for port, mode in port_modes(policy).items() if weaker(mode, needed)]


def _ports_without_proxy(observation: Observation) -> Iterator[Finding]:
    if observation.settings.mtls.mode != "STRICT":
        return
    if value := left_out_of_all(observation):
        message = f"is {value.partition(': ')[2]}: these ports bypass the proxy of every injected pod"
        key = setting(f"istio.values.global.proxy.{value.partition(':')[0]}")
        yield warning(ID, key, message, "remove it, unless such ports must be open everywhere")
    first_pods: dict[tuple[Subject, str], Pod] = {}
    for pod in meshed_pods(observation):
        first_pods.setdefault((workload_of(pod), left_out(pod.annotations)), pod)
    for pod, mark in ((pod, mark) for (_, mark), pod in first_pods.items() if mark):
        message = f"has {mark}, so these ports bypass the proxy: plain text is accepted, and no policy applies"
        fix = "remove the annotation from its workload, unless such a port must be open"
        yield warning(ID, Subject("pod", pod.id), message, fix)


MUTUAL = "ISTIO_MUTUAL"


def rule_findings(observation: Observation) -> list[Finding]:
    services = {entry.host: entry for entry in observation.snapshot.services}
    rules, peers = observation.policies.of_kind("DestinationRule"), modes_of(observation)
    findings = filter(None, (_rule_finding(observation, peers, rule, services) for rule in rules))
    return folded(observation, findings, "keep callers from mutual TLS")


def tls_modes(rule: Policy) -> list[str]:
    """Return the TLS modes of a rule other than Istio's own: "DISABLE", "SIMPLE for subset v1"."""
    spec = rule.spec
    subsets = [(f" for subset {entry.get('name')}", entry.get("trafficPolicy")) for entry in spec.get("subsets") or []]
    modes: list[str] = []
    for suffix, policy in [("", spec.get("trafficPolicy")), *subsets]:
        parts = (policy or {}, *((policy or {}).get("portLevelSettings") or []))
        given = (part["tls"].get("mode", "DISABLE") for part in parts if part.get("tls") is not None)
        modes += [f"{mode}{suffix}" for mode in given if mode != MUTUAL]
    return list(dict.fromkeys(modes))


def _rule_finding(
    observation: Observation, peers: PeerModes, rule: Policy, services: dict[str, Service]
) -> Finding | None:
    """Judge a rule by its TLS modes, and by the services of its host whose pods have a proxy."""
    if not (modes := tls_modes(rule)) or is_as_asked(observation, rule):
        return None
    callees = _callees(observation, services, full_name(str(rule.spec.get("host", "")), rule.namespace))
    if not callees:
        return None
    ours = rule.namespace in own_namespaces(observation)
    strict = any(peers.mode(pod) == "STRICT" for pods in callees.values() for pod in pods)
    effect = "which STRICT refuses" if strict else "with no identity of the mesh"
    callers = "sidecars" if ours else f"sidecars of {rule.namespace}"
    calls = f"{callers} call {listed(sorted(callees), SHOWN)} without mutual TLS, {effect}"
    message = f"has tls {', '.join(modes)}: {calls}; {rule.managed}"
    return (error if ours and strict else warning)(ID, subject_of(rule), message, remedy(observation, rule))


def _callees(observation: Observation, services: dict[str, Service], host: str) -> dict[str, list[Pod]]:
    names = [name for name in services if name.endswith(host.removeprefix("*"))] if host.startswith("*") else [host]
    called = {name: services[name] for name in names if name in services}
    callees = {name: its.pods_behind(observation.meshed_pods.get(its.namespace, [])) for name, its in called.items()}
    return {name: pods for name, pods in callees.items() if pods}


NEEDED = ("PeerAuthentication", "DestinationRule", MESH_CONFIG)


def check(observation: Observation) -> Iterator[Finding]:
    if unreadable := [kind for kind in NEEDED if kind in observation.policies.unreadable]:
        message = f"was not judged: {', '.join(unreadable)} may not be read"
        yield unknown(ID, _subject(observation), message, "ask for the right to get and list them")
        return
    modes = modes_of(observation)
    narrower = (policy for policy in modes.policies if policy not in modes.mesh_wide)
    opening = filter(None, (_narrower(observation, modes, policy) for policy in narrower))
    findings = [
        *_mesh_wide(observation),
        *(finding for policy in modes.mesh_wide for finding in _beside_ours(observation, modes, policy)),
        *folded(observation, opening, "let plain text in"),
        *_ports_without_proxy(observation),
        *rule_findings(observation),
    ]
    yield from findings
    if not errors(findings):
        yield ok(ID, _subject(observation), _summary(observation), number=len(meshed_pods(observation)))


def _subject(observation: Observation) -> Subject:
    return Subject("PeerAuthentication", f"{observation.settings.istio.namespace}/{MESH_WIDE}")


def _mesh_wide(observation: Observation) -> Iterator[Finding]:
    yield from _mesh_config(observation)
    mode, subject = observation.settings.mtls.mode, _subject(observation)
    policy = next((policy for policy in modes_of(observation).policies if policy.id == subject.name), None)
    if not policy:
        yield error(ID, subject, f"is not there: the mesh is {modes_of(observation).mesh_mode}, not {mode}", REFRESH)
        return
    (item,) = observation.mesh.objects_of("mesh-mtls")
    spec, fix = policy.spec, reset_commands(item.manifest)
    live = (spec.get("mtls") or {}).get("mode", "UNSET")
    if live != mode:
        yield error(ID, subject, f"says {live}, the settings say {mode}", fix)
    elif spec.get("selector") or spec.get("portLevelMtls"):
        yield error(ID, subject, f"has a selector or ports of its own, so it is not {mode} for the whole mesh", fix)


def _mesh_config(observation: Observation) -> Iterator[Finding]:
    namespace, config = observation.settings.istio.namespace, observation.policies.mesh_config
    subject = Subject("configmap", f"{namespace}/istio")
    rollback = observation.restore(f"{namespace}/istiod")
    restore = f"set it back with {rollback}, or remove it from istio.values.meshConfig"
    if config is None:
        yield error(ID, subject, "is missing or not valid YAML, so istiod's mesh config is not known", restore)
        return
    root = observation.policies.root_namespace
    if root != namespace:
        given = f"is {root}" if config.get("rootNamespace") else f"is not set, which means {DEFAULT_ROOT}"
        message = f"meshConfig.rootNamespace {given}: the PeerAuthentication in {namespace} holds for that alone"
        yield error(ID, subject, message, restore)
    if config.get("enableAutoMtls") is False:
        message = "meshConfig.enableAutoMtls is false: sidecars call each other in plain text"
        yield error(ID, subject, message, restore)


def _summary(observation: Observation) -> str:
    mode, count = observation.settings.mtls.mode, len(meshed_pods(observation))
    pods = f"{counted(count, 'pod')} with a proxy"
    weak = weakened_namespaces(observation)
    if not weak:
        return f"{mode} for the whole mesh: every namespace, workload and port, {pods}"
    names = listed(sorted(weak), SHOWN)
    return f"{mode} mesh-wide, but not for every workload and port of {names} (see the rows there)"
