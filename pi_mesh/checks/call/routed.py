"""The VirtualService of the called host, if there is one, must send the call to a Service and subset that exist."""

from collections.abc import Iterator, Mapping
from typing import Any

from pi_mesh.checks.call.described import Call
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.checks.policy_words import subject_of
from pi_mesh.cluster import routes
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policy
from pi_mesh.counts import counted
from pi_mesh.settings.traffic.names import IN_CLUSTER, full_name, takes

ID = "route"
Rule = Mapping[str, Any]


def check(call: Call) -> Iterator[Finding]:
    if not call.caller.has_sidecar or not call.host:
        return
    route = _applied(call)
    if route is None:
        yield ok(ID, call.subject, "no VirtualService routes the call")
        return
    subject, kind = subject_of(route), "http" if call.port.is_http else "tcp"
    rules = [rule for rule in route.spec.get(kind) or [] if _may_match(call, rule)]
    if any(rule.get("delegate") for rule in rules):
        yield unknown(ID, subject, "delegates the call to another VirtualService, which is not followed")
        return
    problems = [finding for rule in rules for finding in _problems(call, subject, route, rule)]
    yield from dict.fromkeys(problems)
    if rules and all(_is_narrow(call, rule) for rule in rules) and kind == "http":
        message = f"answers 404 to requests that none of its {counted(len(rules), 'rule')} matches"
        yield warning(ID, subject, message, "add a rule without `match` at its end")
    elif not problems:
        targets = {host for rule in rules for host, _ in _destinations(route, rule)}
        yield ok(ID, subject, f"sends the call to {', '.join(sorted(targets)) or call.host}")


def _applied(call: Call) -> Policy | None:
    """Return the oldest VirtualService of the host for sidecars; one with the whole name comes before a wildcard."""
    found = [one for one in call.policies.of_kind("VirtualService") if routes.applies_to_sidecars(one)]
    for exact in (True, False):
        for route in found:
            hosts = [full_name(host, route.namespace) for host in route.spec.get("hosts") or []]
            if any(host == call.host if exact else takes(host, call.host) for host in hosts):
                return route
    return None


def _may_match(call: Call, rule: Rule) -> bool:
    """Return False for a rule that is for other ports, gateways or callers alone."""
    matches = rule.get("match") or [{}]
    return any(_is_for(call, one) for one in matches)


def _is_for(call: Call, match: Rule) -> bool:
    gateways, labels = match.get("gateways") or [routes.MESH], match.get("sourceLabels") or {}
    return (
        routes.MESH in gateways
        and match.get("port", call.port.number) == call.port.number
        and labels.items() <= call.caller.labels.items()
        and match.get("sourceNamespace", call.caller.namespace) == call.caller.namespace
    )


def _is_narrow(call: Call, rule: Rule) -> bool:
    """Return True for a rule that matches only some of the caller's requests."""
    decided = {"gateways", "port", "sourceLabels", "sourceNamespace", "name"}
    matches = rule.get("match") or []
    return bool(matches) and all(one.keys() - decided for one in matches if _is_for(call, one))


def _problems(call: Call, subject: Subject, route: Policy, rule: Rule) -> Iterator[Finding]:
    report = warning if _is_narrow(call, rule) else error
    if abort := (rule.get("fault") or {}).get("abort"):
        share = (abort.get("percentage") or {}).get("value", abort.get("percent", 0))
        yield report(ID, subject, f"fails {share:g} % of the calls (fault)", "remove the fault")
    if "directResponse" in rule or "redirect" in rule:
        yield report(ID, subject, "answers or redirects the call itself", "see its rules")
    services = {full_name(one.name, one.namespace): one for one in call.services}
    for host, subset in _destinations(route, rule):
        if host.endswith(IN_CLUSTER) and host not in services:
            yield report(ID, subject, f"sends the call to {host}, which does not exist", "correct the host")
        elif subset and (problem := _subset(call, services.get(host), host, subset)):
            yield report(
                ID, subject, f"sends the call to subset {subset} of {host}, {problem}", "see its DestinationRule"
            )


def _destinations(route: Policy, rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield the host and the subset of each destination that gets calls."""
    for entry in rule.get("route") or []:
        if entry.get("weight") != 0 and (to := entry.get("destination")):
            yield full_name(to.get("host", ""), route.namespace), to.get("subset", "")


def _subset(call: Call, service: Service | None, host: str, subset: str) -> str:
    """Return what is wrong with a subset; empty if a Ready pod has its labels."""
    rules = call.policies.of_kind("DestinationRule")
    subsets = [
        one
        for rule in rules
        if full_name(str(rule.spec.get("host", "")), rule.namespace) == host
        for one in rule.spec.get("subsets") or []
        if one.get("name") == subset
    ]
    if not subsets:
        return "which no DestinationRule declares"
    first, *_ = subsets
    labels = first.get("labels") or {}
    if service and not any(_is_behind(pod, service, labels) for pod in call.pods):
        shown = ", ".join(f"{key}={value}" for key, value in labels.items())
        return f"which has no Ready pod (labels {shown})"
    return ""


def _is_behind(pod: Pod, service: Service, labels: Mapping[str, str]) -> bool:
    wanted = {**service.selector, **labels}
    return pod.namespace == service.namespace and pod.ready and wanted.items() <= pod.labels.items()
