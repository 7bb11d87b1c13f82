"""The proposals of `learn`: precise, complete, and named where a person decides."""

import random
from dataclasses import replace

import yaml

from operations.learn.memory import Learned
from operations.learn.proposal import external_service, proposed, selector_of
from pi_mesh.checks.admission import admits, policies_in
from pi_mesh.cluster.audit_log import AuditedCall, EgressCall, Memory
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import make_pod, make_snapshot

SINCE, FIRST, LAST = "2026-11-01T00:00:00Z", "2026-11-26T10:00:00Z", "2026-12-03T09:00:00Z"
ARGOCD = "cluster.local/ns/argocd/sa/"
EVIDENCE = f"3 calls, first {FIRST}, last {LAST}"


def call(account: str = "deployer", callee: str = "app", **more: object) -> AuditedCall:
    known = AuditedCall(f"service account argocd/{account}", f"trading/{callee}", 8080, False, True, {"app": callee},
                        f"{ARGOCD}{account}", "GET", "/orders", count=3, first=FIRST, last=LAST)  # fmt: skip
    return replace(known, **more)


def out(host: str, protocol: str = "TLS", port: int = 443, **more: object) -> EgressCall:
    known = EgressCall("trading", "trading/app", protocol, host, port, count=3, first=FIRST, last=LAST)
    return replace(known, **more)


def workload(name: str, **labels: str):
    pod = {"namespace": "trading", "owner": f"ReplicaSet/{name}-7d9", "address": "10.1.0.7"}
    return make_pod(f"{name}-7d9-x", labels={"app": name, "pod-template-hash": "7d9", **labels}, **pod)


PODS = tuple(workload(name) for name in ("app", "db", "web"))


def learned(*rows: AuditedCall | EgressCall, pods=PODS, services=(), others=None, **settings: object) -> Learned:
    calls, egress = ([row for row in rows if isinstance(row, kind)] for kind in (AuditedCall, EgressCall))
    memory = Memory(SINCE, LAST, (*calls,), (*egress,), others or {})
    return Learned(make_settings(**settings), memory, make_snapshot(pods=pods, services=services), SINCE)


def settings_of(text: str) -> dict:
    """Return the settings of a proposal, as a person would add them to a stack file."""
    return {key.removeprefix("pi-mesh:"): value for key, value in (yaml.safe_load(text) or {}).items()}


def test_a_policy_has_the_callers_of_a_workload_each_with_its_evidence():
    _, text = proposed("policies", learned(call(), call("backup"), call("backup", port=5432)), diff=False)
    assert text.splitlines()[1:] == [
        "pi-mesh:traffic:",
        "  authorization:",
        "    policies:",
        "      learned-trading-app:",
        "        namespace: trading",
        "        selector: {app: app}",
        "        rules:",
        f"        - # {ARGOCD}deployer: {EVIDENCE}",
        f"          # {ARGOCD}backup: {EVIDENCE}",
        f"          principals: [{ARGOCD}deployer, {ARGOCD}backup]",
        "          ports: [8080]",
        f"        - # {ARGOCD}backup: {EVIDENCE}",
        f"          principals: [{ARGOCD}backup]",
        "          ports: [5432]",
    ]


def test_paths_and_methods_stand_in_a_rule_where_they_tell_the_callers_apart():
    _, text = proposed("policies", learned(call(), call(path="/x/*"), call("admin", method="POST")), diff=False)
    (policy,) = settings_of(text)["traffic"]["authorization"]["policies"].values()
    assert policy["rules"] == [
        {"principals": [f"{ARGOCD}deployer"], "ports": [8080], "methods": ["GET"], "paths": ["/orders", "/x/*"]},
        {"principals": [f"{ARGOCD}admin"], "ports": [8080], "methods": ["POST"], "paths": ["/orders"]},
    ]


@table(
    case("a caller that was seen once", [call(count=1)]),
    case("a caller of too many paths beside one of few", [call(path="*", method=""), call("admin", callee="app")]),
    case("a host that was seen once", [out("rates.example", count=1)]),
)
def test_what_a_person_decides_is_a_comment(rows):
    _, text = proposed("egress" if isinstance(rows[0], EgressCall) else "policies", learned(*rows), diff=False)
    assert "# seen once, or to be decided by a person:" in text
    assert not {"deployer", "rates"} & {*str(settings_of(text)).replace("/", " ").replace("-", " ").split()}


POLICY = {"traffic": {"authorization": {"policies": {"old": {"rules": [{"namespaces": ["argocd"], "ports": [8080]}]}}}}}
LOGS = {"observability": {"accessLogs": {"namespaces": ["trading"], "sampling": 100}}}
NEW = "traffic.authorization.policies.learned-trading-app"
STORE = "ConfigMap istio-system/pi-mesh-learned"


@table(
    case("what a rule admits is left out", [call()], POLICY,
        f"OK=0 {STORE}: 1 row since {SINCE}: none would be refused"),
    case("a rule that admitted nobody is named where every request is logged", [], POLICY | LOGS,
        f"WARNING traffic.authorization.policies.old.rules[0]: admitted no call since {SINCE}\nOK=0 "),
    case("where they are not, that is said", [], POLICY, "UNKNOWN namespace trading: some rules may admit nobody\nOK "),
    case("a caller without an identity gets no rule", [call(identity="", caller="workload dev/x", plain_text=True)], {},
        "WARNING workload trading/app: is called by workload dev/x without an identity\nWARNING=1 …1 would be refused"),
    case("a shared account is named", [call("default")], {}, "WARNING …argocd/default, which pods share\nOK=0 "),
    case("a workload without pods gets no policy", [call(callee="gone")], {},
        "WARNING workload trading/gone: has no running pods\nWARNING=1 …1 would be refused"),
)  # fmt: skip
def test_the_findings_beside_the_policies(rows, settings, lines):
    assert_lines(proposed("policies", learned(*rows, **settings), diff=False)[0], lines)


def test_nothing_remembered_is_no_proof():
    empty = replace(learned(), memory=Memory())
    assert_lines(
        proposed("policies", empty, diff=False)[0], f"WARNING {STORE}: remembers nothing; run `operations learn"
    )


def test_a_difference_lists_what_the_settings_lack_and_has_no_text():
    findings, text = proposed("policies", learned(call()), diff=True)
    assert text is None
    assert_lines(findings, f"WARNING {NEW}: is missing: {ARGOCD}deployer: {EVIDENCE}\nOK=0 ")


def other(**labels: str):
    return replace(workload("db"), labels={"app": "app", **labels})


@table(
    case("a usual label", [workload("app"), workload("db")], {"app": "app"}),
    case("all, where others have that", [workload("app", tier="a"), other()], {"app": "app", "tier": "a"}),
    case("none, where others have all", [workload("app"), other(tier="a")], None),
    case("none, without pods", [workload("db")], None),
)
def test_a_workload_is_selected_by(pods, selector):
    assert selector_of("trading/app", pods) == selector


@table(
    case("a name by TLS", out("rates.example"), {"hosts": ["rates.example"]}),
    case("a name by HTTP on a port of its own", out("rates.example", "HTTP", 8080),
        {"hosts": ["rates.example"], "protocol": "HTTP", "port": 8080}),
    case("an address", out("203.0.113.9", "TCP", 9880),
        {"hosts": ["203-0-113-9.invalid"], "protocol": "TCP", "port": 9880, "addresses": ["203.0.113.9/32"]}),
    case("an address of IPv6", out("2001:db8::9", "TCP", 9880),
        {"hosts": ["2001-db8-9.invalid"], "protocol": "TCP", "port": 9880, "addresses": ["2001:db8::9/128"]}),
)  # fmt: skip
def test_a_host_outside_gets_an_entry_of_its_own(row, entry):
    _, text = proposed("egress", learned(row), diff=False)
    external = settings_of(text)["traffic"]["external"]
    assert [*external.values()] == [{"namespace": "trading", **entry}]
    assert make_settings(traffic={"external": external})


ODD = [*((kind, host) for kind in ("TLS", "HTTP") for host in ("*.example", "*", "", "a b", "x: {y}", "203.0.113.9"))]


@table(*ODD, ("TLS", "shop.trading.svc.cluster.local"), ("TCP", "rates"), ("TCP", "203.0.113.0/24"), ("TCP", ""))
def test_no_entry_is_made_of_a_wildcard_a_service_or_an_odd_name(protocol, host):
    assert external_service("trading", protocol, host, 443) is None


def test_a_call_to_a_pod_by_its_address_is_named_and_a_declared_host_is_not():
    entries = {"traffic": {"external": {"rates": {"hosts": ["*.example"]}}}}
    rows = (out("10.1.0.7", "TCP"), out("rates.example"))
    findings, text = proposed("egress", learned(*rows, pods=PODS[:1], **entries), diff=False)
    assert text == ""
    assert_lines(
        findings, "WARNING namespace trading: calls '10.1.0.7', port 443, which is pod trading/app\nWARNING=1 "
    )


def test_a_service_that_the_scope_hides_is_added_to_it_by_its_full_name():
    service = Service("research", "server", cluster_addresses=("10.96.0.7",))
    findings, text = proposed("network", learned(out("10.96.0.7", "TCP"), services=(service,)), diff=False)
    assert findings == []
    host = "research/server.research.svc.cluster.local"
    assert text.splitlines() == ["pi-mesh:trading:", f"  # {host}: {EVIDENCE}", f"  sidecarScope: [./*, {host}]"]
    scope = {"trading": {"sidecarScope": ["./*", "research/*"]}}
    assert proposed("network", learned(out("10.96.0.7", "TCP"), services=(service,), **scope), diff=False)[1] == ""


@table(*((seed,) for seed in range(20)))
def test_a_generated_mesh_gets_rules_for_every_call_and_for_no_other(seed):
    dice = random.Random(seed)
    accounts, paths = [f"a{number}" for number in range(6)], ["/orders", "/orders/*", "/x", "/"]
    every = [
        call(account, callee, port=port, method=method, path=path, count=2)
        for account in accounts
        for callee in ("app", "db", "web")
        for port in (8080, 9090)
        for method, path in [("", ""), *((method, path) for method in ("GET", "POST") for path in paths)]
    ]
    rows = dice.sample(every, 25)
    text = proposed("policies", learned(*rows), diff=False)[1]
    policies = policies_in(make_settings(**settings_of(text)), "trading")
    assert all(admits(policies, row) for row in rows)
    assert [row for row in every if admits(policies, row) and not (row in rows or seen_so(row, rows))] == []


def seen_so(row: AuditedCall, rows: list[AuditedCall]) -> bool:
    """Return True for a call whose caller called that port, and whose request needs no rule to tell it from others."""
    near: dict[str, set[tuple[str, str]]] = {}
    for each in rows:
        if (each.callee, each.port) == (row.callee, row.port):
            near.setdefault(each.caller, set()).add((each.method, each.path))
    own = near.get(row.caller, set())
    return bool(own) and (("", "") in own or all(requests == own for requests in near.values()))
