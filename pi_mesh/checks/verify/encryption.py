"""Mutual TLS must not be weaker than the settings ask for, by PeerAuthentications or by ports that bypass the proxy."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.policy_words import managed, subject_of
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.peer_modes import DEFAULT, PeerModes, labels, mode_of, port_modes, weaker, weakest
from pi_mesh.checks.verify.restart import workload
from pi_mesh.checks.verify.selection import folded, in_words, is_as_asked, meshed_pods, own_namespaces, remedy, selected
from pi_mesh.cluster.policies import Policy
from pi_mesh.inventory import Kind

ID = "mutual TLS"
EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts"
INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"
PORT_VALUES = ("excludeInboundPorts", "includeInboundPorts")
INTERCEPTION = "sidecar.istio.io/interceptionMode"
EFFECTS = {"PERMISSIVE": "plain text is accepted too", "DISABLE": "only plain text is accepted"}


def modes_of(seen: VerificationInput) -> PeerModes:
    """Return the mutual TLS modes of all workloads."""
    return PeerModes(seen.policies.of_kind("PeerAuthentication"), seen.policies.root_namespace)


def judge(seen: VerificationInput) -> Iterator[Finding]:
    modes, ours = modes_of(seen), own_namespaces(seen)
    for policy in modes.mesh_wide:
        yield from _beside_ours(seen, modes, policy)
    narrower = [policy for policy in modes.policies if policy not in modes.mesh_wide]
    yield from _present(_narrower(seen, modes, policy) for policy in narrower if policy.namespace in ours)
    others = _present(_narrower(seen, modes, policy) for policy in narrower if policy.namespace not in ours)
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


def _present(findings: Iterable[Finding | None]) -> Iterator[Finding]:
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
    where = in_words(selected(seen, policy))
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
        if not mark or (workload(pod), mark) in reported:
            continue
        reported.add((workload(pod), mark))
        message = f"has {mark}, so these ports bypass the proxy: plain text is accepted, and no policy applies"
        fix = "remove the annotation from its workload, unless such a port must be open"
        yield warning(ID, Subject("pod", f"{pod.namespace}/{pod.name}"), message, fix)
