"""EnvoyFilters, Sidecars and Telemetries that change the proxies must come from this stack, whoever created them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pi_mesh.checks.finding import Finding, Level, ok, unknown
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.policy_targets import Effect, finding_of, is_as_asked, own_namespaces, workloads_subject
from pi_mesh.cluster.policies import Policy

ID = "proxy configuration"
PLURALS = {"EnvoyFilter": "EnvoyFilters", "Sidecar": "Sidecars", "Telemetry": "Telemetries"}


def check(observation: Observation) -> Iterator[Finding]:
    kinds: dict[str, tuple[Callable[[Observation, Policy], Effect], str]] = {
        "EnvoyFilter": (lambda _, policy: envoy_filter_effect(policy), ""),
        "Sidecar": (_sidecar, "the namespace's sidecarScope"),
        "Telemetry": (_telemetry, ""),
    }
    findings: list[Finding] = []
    where = workloads_subject(observation)
    for kind, (effect, setting) in kinds.items():
        if kind in observation.policies.unreadable:
            fix = f"ask for the right to list {PLURALS[kind]}"
            findings.append(unknown(ID, where, f"{PLURALS[kind]} were not judged: they may not be listed", fix))
        for policy in observation.policies.of_kind(kind):
            if policy.namespace in own_namespaces(observation) and not is_as_asked(observation, policy):
                findings.append(finding_of(ID, observation, policy, effect(observation, policy), setting))
    yield from findings
    if not findings:
        yield ok(ID, where, "every EnvoyFilter, Sidecar and Telemetry of its proxies is one that this stack asks for")


def _sidecar(observation: Observation, policy: Policy) -> Effect:
    """Judge a Sidecar: it replaces the namespace's for the pods that it selects, and hides hosts that it omits."""
    spec = policy.spec
    hosts = [host for entry in spec.get("egress") or [] for host in entry.get("hosts") or []]
    words = f"lets proxies know {', '.join(hosts)} alone" if hosts else "leaves the proxies' outbound hosts as they are"
    if mode := (spec.get("outboundTrafficPolicy") or {}).get("mode"):
        words += f", and sets outboundTrafficPolicy {mode}"
    if ports := [(entry.get("port") or {}).get("number") for entry in spec.get("ingress") or []]:
        words += f", and lets proxies listen on {', '.join(map(str, ports))} alone"
    scoped = {namespace.name for namespace in observation.settings.workload_namespaces if namespace.own.is_scoped}
    if policy.namespace in scoped and not policy.selected_labels:
        return Level.ERROR, f"{words}; beside the one of the settings it is undefined which of both holds"
    needed = {"*/*", "./*", f"{policy.namespace}/*"}
    return (Level.WARNING if not hosts or needed & set(hosts) else Level.ERROR), words


def _telemetry(_: Observation, policy: Policy) -> Effect:
    parts = [key for key in ("metrics", "tracing", "accessLogging") if key in policy.spec]
    return Level.WARNING, f"sets {', '.join(parts) or 'nothing'} of the proxies"


# Effects of EnvoyFilters on a proxy's listeners, filters and clusters, each with its level.
# https://istio.io/latest/docs/reference/config/networking/envoy-filter/

LISTENERS = ("LISTENER", "FILTER_CHAIN")
FILTERS = ("LISTENER_FILTER", "NETWORK_FILTER", "HTTP_FILTER")
TAKEN_AWAY = ("REMOVE", "REPLACE")


def envoy_filter_effect(policy: Policy) -> tuple[Level, str]:
    """Return the level and the words.

    Mutual TLS is in listeners and filter chains, authorization in filters: a patch that changes the former, or removes
    the latter, may have disabled them. An added filter can do as much, but usually does not.
    """
    patches = policy.spec.get("configPatches") or []
    grave = [patch for patch in patches if _is_grave(patch)]
    shown = [(patch, (patch.get("match") or {}).get("context", "ANY")) for patch in grave or patches]
    parts = dict.fromkeys(f"{_operation(patch)} of {patch.get('applyTo', '')}, {context}" for patch, context in shown)
    what = f"changes the proxies ({', '.join(parts) or 'no patch'})"
    if grave:
        return Level.ERROR, f"{what}, so mutual TLS and policies may be switched off there"
    return Level.WARNING, f"{what}; whether mutual TLS and policies still hold there can't be judged"


def _is_grave(patch: Mapping[str, Any]) -> bool:
    target, operation = patch.get("applyTo", ""), _operation(patch)
    if target == "CLUSTER":
        value = (patch.get("patch") or {}).get("value") or {}
        return operation in TAKEN_AWAY or bool({"transport_socket", "transportSocket"} & value.keys())
    return target in LISTENERS or (target in FILTERS and operation in TAKEN_AWAY)


def _operation(patch: Mapping[str, Any]) -> str:
    return (patch.get("patch") or {}).get("operation", "MERGE")
