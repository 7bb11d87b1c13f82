"""The way of a call: the caller's proxy must know the Service, its VirtualService lead on, and an endpoint be Ready."""

from collections.abc import Iterator, Mapping
from typing import Any

from pi_mesh.checks.call.call import Call
from pi_mesh.checks.finding import Finding, Subject, error, ok, subject_of, unknown, warning
from pi_mesh.cluster import routes
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.policies import Policy
from pi_mesh.selectors import matches
from pi_mesh.settings.traffic.names import IN_CLUSTER, full_name, takes
from pi_mesh.words import counted

SCOPE = "sidecar scope"


def check_scope(call: Call) -> Iterator[Finding]:
    if not call.caller.has_sidecar or not call.service:
        return
    hiding = hidden_by(call)
    if hiding is None:
        yield ok(SCOPE, call.subject, f"the caller's sidecar learns of {call.to}")
        return
    fix = f'add "{call.namespace}/*" to its egress hosts (`sidecarScope`)'
    chosen = hiding.spec.get("outboundTrafficPolicy") or (call.policies.mesh_config or {}).get("outboundTrafficPolicy")
    report, effect = warning, "sends the call in plain text"
    if (chosen or {}).get("mode") == "REGISTRY_ONLY":
        report, effect = error, "refuses the call (REGISTRY_ONLY)"
    message = f"does not have {call.to} among its hosts, so the caller's sidecar {effect}"
    yield report(SCOPE, subject_of(hiding), message, fix)


def hidden_by(call: Call) -> Policy | None:
    """Return the Sidecar that keeps the called Service from the caller's proxy; None if nothing does."""
    applied = applied_sidecar(call)
    if applied is None or not call.service:
        return None
    egress = applied.spec.get("egress") or []
    hosts = [host for entry in egress for host in entry.get("hosts") or []]
    return None if not egress or any(_covers(call, host) for host in hosts) else applied


def applied_sidecar(call: Call) -> Policy | None:
    """Return the Sidecar of the caller: its own, else its namespace's, else the root namespace's."""
    caller, root = call.caller, call.policies.root_namespace
    fitting = call.selecting("Sidecar", caller)
    own = [sidecar for sidecar in fitting if sidecar.namespace == caller.namespace and sidecar.selected_labels]
    wide = [sidecar for sidecar in fitting if not sidecar.selected_labels]
    near = [sidecar for home in (caller.namespace, root) for sidecar in wide if sidecar.namespace == home]
    return next(iter([*own, *near]), None)


def _covers(call: Call, host: str) -> bool:
    namespace, _, name = host.partition("/")
    here = "." if call.namespace == call.caller.namespace else call.namespace
    if namespace not in ("*", call.namespace, here):
        return False
    return name == "*" or name == call.host or (name.startswith("*.") and call.host.endswith(name.removeprefix("*")))


ROUTE = "route"
Rule = Mapping[str, Any]


def check_route(call: Call) -> Iterator[Finding]:
    if not call.caller.has_sidecar or not call.host:
        return
    route = _applied_route(call)
    if route is None:
        yield ok(ROUTE, call.subject, "no VirtualService routes the call")
        return
    subject, kind = subject_of(route), "http" if call.port.is_http else "tcp"
    every = route.spec.get(kind) or []
    rules = [rule for rule in every if any(_is_for(call, match) for match in rule.get("match") or [{}])]
    if any(rule.get("delegate") for rule in rules):
        yield unknown(ROUTE, subject, "delegates the call to another VirtualService, which is not followed")
        return
    problems = [finding for rule in rules for finding in _problems(call, subject, route, rule)]
    yield from dict.fromkeys(problems)
    if rules and all(_is_narrow(call, rule) for rule in rules) and kind == "http":
        message = f"answers 404 to requests that none of its {counted(len(rules), 'rule')} matches"
        yield warning(ROUTE, subject, message, "add a rule without `match` at its end")
    elif not problems:
        targets = {host for rule in rules for host, _ in _destinations(route, rule)}
        yield ok(ROUTE, subject, f"sends the call to {', '.join(sorted(targets)) or call.host}")


def _applied_route(call: Call) -> Policy | None:
    """Return the oldest VirtualService of the host for sidecars; one with the whole name comes before a wildcard."""
    virtual_services = [*filter(routes.applies_to_sidecars, call.policies.of_kind("VirtualService"))]
    for exact in (True, False):
        for route in virtual_services:
            hosts = [full_name(host, route.namespace) for host in route.spec.get("hosts") or []]
            if any(host == call.host if exact else takes(host, call.host) for host in hosts):
                return route
    return None


def _is_for(call: Call, match: Rule) -> bool:
    """Return False for a match of other ports, gateways or callers alone."""
    gateways, labels = match.get("gateways") or [routes.MESH], match.get("sourceLabels") or {}
    return (
        routes.MESH in gateways
        and match.get("port", call.port.number) == call.port.number
        and matches(labels, call.caller.labels)
        and match.get("sourceNamespace", call.caller.namespace) == call.caller.namespace
    )


def _is_narrow(call: Call, rule: Rule) -> bool:
    """Return True for a rule that matches only some of the caller's requests."""
    decided = {"gateways", "port", "sourceLabels", "sourceNamespace", "name"}
    matches = rule.get("match") or []
    return bool(matches) and all(match.keys() - decided for match in matches if _is_for(call, match))


def _problems(call: Call, subject: Subject, route: Policy, rule: Rule) -> Iterator[Finding]:
    report = warning if _is_narrow(call, rule) else error
    if abort := (rule.get("fault") or {}).get("abort"):
        share = (abort.get("percentage") or {}).get("value", abort.get("percent", 0))
        yield report(ROUTE, subject, f"fails {share:g} % of the calls (fault)", "remove the fault")
    if "directResponse" in rule or "redirect" in rule:
        yield report(ROUTE, subject, "answers or redirects the call itself", "see its rules")
    services = {service.host: service for service in call.services}
    for host, subset in _destinations(route, rule):
        if host.endswith(IN_CLUSTER) and host not in services:
            yield report(ROUTE, subject, f"sends the call to {host}, which does not exist", "correct the host")
        elif subset and (problem := _subset(call, services.get(host), host, subset)):
            message = f"sends the call to subset {subset} of {host}, {problem}"
            yield report(ROUTE, subject, message, "see its DestinationRule")


def _destinations(route: Policy, rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield the host and the subset of each destination that gets calls."""
    for entry in rule.get("route") or []:
        if entry.get("weight") != 0 and (to := entry.get("destination")):
            yield full_name(to.get("host", ""), route.namespace), to.get("subset", "")


def _subset(call: Call, service: Service | None, host: str, subset: str) -> str:
    """Return what is wrong with a subset; empty if a Ready pod has its labels."""
    rules = call.policies.of_kind("DestinationRule")
    of_host = (rule for rule in rules if full_name(str(rule.spec.get("host", "")), rule.namespace) == host)
    declared = (entry for rule in of_host for entry in rule.spec.get("subsets") or [])
    labels = next((entry.get("labels") or {} for entry in declared if entry.get("name") == subset), None)
    if labels is None:
        return "which no DestinationRule declares"
    ready = [pod for pod in call.pods if service and pod.namespace == service.namespace and pod.ready]
    if service and not any(matches({**service.selector, **labels}, pod.labels) for pod in ready):
        shown = ", ".join(f"{key}={value}" for key, value in labels.items())
        return f"which has no Ready pod (labels {shown})"
    return ""


ENDPOINTS = "endpoints"


def check_endpoints(call: Call) -> Iterator[Finding]:
    subject = Subject("service" if call.service else "workload", call.to)
    ready = [endpoint for endpoint in call.endpoints if endpoint.ready]
    if ready:
        message = f"has {counted(len(ready), 'endpoint')} on port {call.port.number}"
        yield ok(ENDPOINTS, subject, message, number=len(ready))
        return
    message, fix = _missing_endpoint(call)
    yield error(ENDPOINTS, subject, f"has no endpoint on port {call.port.number}: {message}", fix)


def _missing_endpoint(call: Call) -> tuple[str, str]:
    """Return why there is none, and what helps."""
    look = f"`kubectl get pods -n {call.namespace}`"
    if call.endpoints:
        return f"{counted(len(call.endpoints), 'pod is', 'pods are')} not Ready", f"see their containers: {look}"
    selector = call.service.selector if call.service else {}
    if not selector:
        return "it has no selector, and nobody gave it endpoints", "give it a selector, or EndpointSlices"
    labels = ", ".join(f"{key}={value}" for key, value in selector.items())
    behind = [pod for pod in call.pods if pod.namespace == call.namespace and matches(selector, pod.labels)]
    if behind:
        count = counted(len(behind), "pod has", "pods have")
        return f"{count} its labels ({labels}), and none has its port", "compare its targetPort with the pods' ports"
    return f"no pod has its labels ({labels})", f"start its workload, or correct the selector: {look} --show-labels"
