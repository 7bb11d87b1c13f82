"""The proposals of `learn`: settings that admit the remembered calls and nothing wider, each with its evidence."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from ipaddress import ip_address, ip_network
from typing import Any

import yaml

from operations.learn.memory import ID, Learned
from pi_mesh.checks.admission import admits, policies_in, rule_matches
from pi_mesh.checks.finding import Finding, Subject, setting, unknown, warning
from pi_mesh.cluster.audit_log import ANY_PATH, AuditedCall, Counted, EgressCall, lasting
from pi_mesh.cluster.pods import Pod
from pi_mesh.model import Model
from pi_mesh.selectors import matches
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule
from pi_mesh.settings.traffic.external import USUAL_PORTS, ExternalService
from pi_mesh.settings.traffic.names import takes
from pi_mesh.words import counted, listed

POLICIES, EXTERNAL, SHOWN = "traffic.authorization.policies", "traffic.external", 5
USUAL_LABELS = ("app", "app.kubernetes.io/name", "k8s-app")
"""Labels that select a workload where they tell it from the others of its namespace."""
OF_PODS = re.compile(r"pod-template-\w+|controller-revision-hash|(.*istio|statefulset|apps|batch)\S*\.io/.*")
"""Labels that Kubernetes and Istio give to pods."""
NOT_ALONE = "Together with defaultDeny.enabled: before, an ALLOW policy refuses also the calls of the own namespace."
ONCE = "seen once, or to be decided by a person:"


@dataclass(frozen=True)
class Draft:
    """A proposed entry of the settings."""

    key: str
    """Config key of the entry."""
    entry: Model | dict[str, Any]
    evidence: tuple[tuple[str, ...], ...]
    """Sentences about the calls, for each rule of a policy, or for the entry."""
    apart: bool = False
    """True for what a person decides: it is a comment in the text."""


def evidence(calls: Iterable[Counted]) -> str:
    """Return how often and when the calls came."""
    calls = list(calls)
    first, last = min(call.first for call in calls), max(call.last for call in calls)
    return f"{counted(sum(call.count for call in calls), 'call')}, first {first}, last {last}"


def grouped(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Return the rows by their key."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def policies(learned: Learned) -> Iterator[Draft | Finding]:
    """Propose AuthorizationPolicies, one for each called workload, with the identities of its callers."""
    settings, calls = learned.settings, learned.memory.calls
    in_force = {home: policies_in(settings, home) for home in {call.namespace for call in calls}}
    new = [call for call in calls if not admits(in_force[call.namespace], call, surely=False)]
    drafts, taken = list[Draft](), {*settings.traffic.authorization.policies}
    by_callee = grouped(calls, lambda call: call.callee)
    for callee, own in grouped(new, lambda call: call.callee).items():
        yield from _about_callers(callee, own)
        if selector := selector_of(callee, learned.cluster.pods):
            drafts += _policies(callee, selector, by_callee[callee], own, taken)
        else:
            message = f"has no running pods with labels that no other has, so no policy is proposed: {evidence(own)}"
            yield warning(ID, Subject("workload", callee), message, "give its pods a label of their own")
    yield from drafts
    yield from _unused(learned)
    taken_over = [draft.entry for draft in drafts if isinstance(draft.entry, AccessPolicy) and not draft.apart]
    near = grouped(taken_over, lambda policy: policy.namespace)
    yield learned.replayed(calls, [call for call in new if not admits(near.get(call.namespace, ()), call)])


def _policies(
    callee: str, selector: dict[str, str], calls: list[AuditedCall], new: list[AuditedCall], taken: set[str]
) -> Iterator[Draft]:
    """Yield a workload's policy for its new calls, and another one for those that a person decides."""
    rules = rules_of(calls, new)
    namespace, _, name = callee.partition("/")
    for apart in (False, True):
        own = [(rule, callers) for (rule, is_apart), callers in rules.items() if is_apart is apart]
        if own:
            entries = tuple(rule.model_copy(update={"principals": (*callers,)}) for rule, callers in own)
            said = [tuple(f"{caller}: {evidence(calls)}" for caller, calls in callers.items()) for _, callers in own]
            policy = AccessPolicy(namespace=namespace, selector=selector, rules=entries)
            yield Draft(f"{POLICIES}.{_free(f'{namespace}-{name}', taken)}", policy, tuple(said), apart)


def rules_of(
    calls: list[AuditedCall], new: list[AuditedCall]
) -> dict[tuple[AccessRule, bool], dict[str, list[AuditedCall]]]:
    """Return the rules for the new ones of a workload's calls, and whether each is apart, with the calls by identity.

    A rule has a method and paths only where the callers of its port differ in them.
    """
    rules: dict[tuple[AccessRule, bool], dict[str, list[AuditedCall]]] = defaultdict(dict)
    new_keys = {call.key for call in new}
    for port, of_port in grouped((call for call in calls if call.identity), lambda call: call.port).items():
        by_caller = grouped(of_port, lambda call: call.identity)
        separates = len({frozenset((call.method, call.path) for call in own) for own in by_caller.values()}) > 1
        for caller, every in by_caller.items():
            own = [call for call in every if call.key in new_keys]
            is_rare = sum(call.count for call in own) == 1
            for method, same in grouped(own, lambda call: call.method).items() if separates else [("", own)]:
                paths = tuple(sorted({call.path for call in same} - {""})) if separates else ()
                rule = AccessRule(ports=(port,), methods=(method,) if method else (), paths=paths)
                if same:
                    rules[rule, is_rare or ANY_PATH in paths][caller] = same
    return rules


def selector_of(callee: str, pods: Iterable[Pod]) -> dict[str, str] | None:
    """Return labels that the workload's pods have and no other pod of the namespace; None where there are none."""
    near = [pod for pod in pods if pod.namespace == callee.partition("/")[0]]
    own = [pod for pod in near if lasting(pod) == callee]
    shared = set.intersection(*({*pod.labels.items()} for pod in own)) if own else set()
    labels = {key: value for key, value in sorted(shared) if not OF_PODS.fullmatch(key)}
    others = [pod for pod in near if pod not in own]
    choices = [*({key: labels[key]} for key in USUAL_LABELS if key in labels), labels]
    return next((each for each in choices if each and not any(matches(each, pod.labels) for pod in others)), None)


def _about_callers(callee: str, calls: list[AuditedCall]) -> Iterator[Finding]:
    for (caller, plain_text), own in grouped(calls, lambda call: (call.caller, call.plain_text)).items():
        message, fix = f"is called by {caller}", ""
        if plain_text:
            # A pod's address is another pod's tomorrow, whom ipBlocks would admit.
            message, fix = f"{message} without an identity, for which no rule is proposed", "give it a sidecar"
        elif caller.endswith("/default"):
            message, fix = f"{message}, which pods share", "give each of them a service account of its own"
        if fix:
            yield warning(ID, Subject("workload", callee), f"{message}: {evidence(own)}", fix)


def _unused(learned: Learned) -> Iterator[Finding]:
    """Yield the rules that admitted no call; only an access log of every request shows the admitted ones."""
    logs, unlogged = learned.settings.observability.access_logs, set[str]()
    for name, policy in learned.settings.traffic.authorization.policies.items():
        home = learned.settings.namespace_of(policy)
        near = [call for call in learned.memory.calls if call.namespace == home and call.last >= learned.start]
        own = [call for call in near if matches(policy.selector, call.labels)]
        for number, rule in enumerate(policy.rules if policy.action == "ALLOW" else ()):
            if any(rule_matches(rule, call, surely=False) for call in own):
                continue
            if home in logs.namespaces and logs.sampling == 100 and learned.memory.since <= learned.start:
                key, message = f"{POLICIES}.{name}.rules[{number}]", f"admitted no call since {learned.start}"
                yield warning(ID, setting(key), message, "narrow or remove it")
            else:
                unlogged.add(home)
    for home in sorted(unlogged):
        message = f"some rules may admit nobody: not every request since {learned.start} is remembered"
        yield unknown(ID, Subject("namespace", home), message, "observability.accessLogs with `sampling: 100` logs all")


def egress(learned: Learned) -> Iterator[Draft | Finding]:
    """Propose entries of `traffic.external`, one for each host, in the namespace that called it."""
    pods = {pod.address: f"pod {pod.id}" for pod in learned.cluster.pods if not pod.host_network}
    services = {address for service in learned.cluster.services for address in service.cluster_addresses}
    calls = [call for call in learned.memory.egress if call.host not in services and not _is_declared(learned, call)]
    refused, taken = list[EgressCall](), {*learned.settings.traffic.external}
    for (namespace, protocol, host, port), own in grouped(
        calls, lambda call: (call.namespace, call.protocol, call.host, call.port)
    ).items():
        said = f"{listed(sorted({call.caller for call in own}), SHOWN)}: {evidence(own)}"
        entry, apart = external_service(namespace, protocol, host, port), sum(call.count for call in own) == 1
        if entry and host not in pods:
            yield Draft(f"{EXTERNAL}.{_free(host, taken)}", entry, ((said,),), apart)
        else:
            what = pods.get(host, "no DNS name of a host outside")
            message = f"calls {host!r}, port {port}, which is {what}: {said}"
            yield warning(ID, Subject("namespace", namespace), message, "look at the caller; no entry is proposed")
        refused += own if apart or not entry or host in pods else ()
    yield learned.replayed(learned.memory.egress, refused)


def external_service(namespace: str, protocol: str, host: str, port: int) -> ExternalService | None:
    """Return the entry for one host; None for what is neither a DNS name outside the cluster nor an address."""
    fields: dict[str, Any] = {"namespace": namespace, "protocol": protocol}
    try:
        if protocol == "TCP":
            # TCP is matched by its address alone; the host is a name that no server knows (RFC 6761, 6.4).
            name, block = re.sub(r"[.:]+", "-", host).strip("-"), str(ip_network(ip_address(host)))
            return ExternalService(hosts=(f"{name}.invalid",), addresses=(block,), port=port, **fields)
        usual = port == USUAL_PORTS[protocol]
        return None if "*" in host else ExternalService(hosts=(host,), port=None if usual else port, **fields)
    except ValueError:
        return None


def _is_declared(learned: Learned, call: EgressCall) -> bool:
    entries = [entry for entry in learned.settings.traffic.external.values() if entry.protocol == call.protocol]
    reachable = (entry for entry in entries if call.port in (entry.number, *entry.more_ports))
    exact = external_service(call.namespace, call.protocol, call.host, call.port)
    blocks = {*exact.addresses} if exact else set[str]()
    return any(
        blocks & {*entry.addresses} or any(takes(host, call.host) for host in entry.hosts) for entry in reachable
    )


def network(learned: Learned) -> Iterator[Draft | Finding]:
    """Propose the Services that a namespace calls and its `sidecarScope` lacks; it narrows no scope."""
    for space in (space for space in learned.settings.workload_namespaces if space.own.is_scoped):
        hosts, said = list(space.own.sidecar_scope), list[str]()
        for service in learned.cluster.services:
            own = [call for call in learned.memory.egress if call.host in service.cluster_addresses]
            own = [call for call in own if call.namespace == space.name]
            host = f"{service.namespace}/{service.host}"
            if own and not {"*/*", f"{service.namespace}/*", host} & {*hosts}:
                hosts.append(host)
                said.append(f"{host}: {evidence(own)}")
        if said:
            yield Draft(space.setting, {"sidecarScope": hosts}, (tuple(said),))
    if not learned.memory.since:
        yield learned.replayed((), ())


def _free(name: str, taken: set[str]) -> str:
    """Return a name for an entry that no other has, and add it to those."""
    base = re.sub(r"[^a-z0-9]+", "-", f"learned-{name}".lower())[:58].strip("-")
    names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
    free = next(each for each in names if each not in taken)
    taken.add(free)
    return free


def text(drafts: Collection[Draft]) -> str:
    """Return the entries as YAML of a stack file; those that a person decides are comments."""
    sure, apart = (_yaml([draft for draft in drafts if draft.apart is is_apart]) for is_apart in (False, True))
    note = [f"# {NOT_ALONE}"] if sure and drafts and POLICIES in next(iter(drafts)).key else []
    decided = [f"# {line}" for line in (ONCE, *apart)] if apart else []
    return "\n".join([*note, *sure, *decided])


def _yaml(drafts: Collection[Draft]) -> list[str]:
    tree: dict[str, Any] = {}
    for draft in drafts:
        *above, name = f"pi-mesh:{draft.key}".split(".")
        place = reduce(lambda node, key: node.setdefault(key, {}), above, tree)
        place[name] = _with_evidence(draft)
    lines = yaml.safe_dump(tree, default_flow_style=None, sort_keys=False, width=10**6).splitlines() if tree else []
    return [re.sub(r"'#\d+': '?(.*?)'?$", r"# \1", line) for line in lines]


def _with_evidence(draft: Draft) -> dict[str, Any]:
    """Return the entry as plain data, with sentences under keys that become comments."""
    entry, said = draft.entry, [{f"#{n}": text for n, text in enumerate(sentences)} for sentences in draft.evidence]
    fields = entry if isinstance(entry, dict) else entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if rules := fields.get("rules"):
        return fields | {"rules": [{**sentences, **rule} for sentences, rule in zip(said, rules, strict=True)]}
    return {**said[0], **fields}


PROPOSALS = {"policies": policies, "egress": egress, "network": network}


def proposed(action: str, learned: Learned, *, diff: bool) -> tuple[list[Finding], str | None]:
    """Return the findings and the text of a proposal; with `diff`, each entry as a finding and no text."""
    said = list(PROPOSALS[action](learned))
    findings = [each for each in said if isinstance(each, Finding)]
    drafts = [each for each in said if isinstance(each, Draft)]
    if not diff:
        return findings, text(drafts)
    new = ((draft, sentence) for draft in drafts for sentences in draft.evidence for sentence in sentences)
    fix = f"`operations learn {action} -s STACK` shows the entry"
    return [*(warning(ID, setting(draft.key), f"is missing: {name}", fix) for draft, name in new), *findings], None
