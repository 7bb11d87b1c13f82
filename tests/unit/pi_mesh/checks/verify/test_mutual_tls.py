"""The verification's findings about policies that weaken mutual TLS."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import mutual_tls
from pi_mesh.cluster.objects import Namespace, Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification, problems, with_policies, without_policy

PERMISSIVE = {"mtls": {"mode": "PERMISSIVE"}}
OLD, NEW = "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"


def rogue(namespace: str, spec: dict, created: str = NEW, name: str = "rogue") -> Policy:
    return Policy("PeerAuthentication", namespace, name, spec, created, "Argo CD application shop")


def meshed(namespace: str, name: str, **fields: dict[str, str]) -> Pod:
    containers = (Container("app", ports=(8080,)), Container("istio-proxy"))
    return Pod(namespace, f"{name}-77-x", {"app": name}, owner=f"ReplicaSet/{name}-77", containers=containers, **fields)


def with_pods(seen: Observation, *pods: Pod) -> Observation:
    return in_cluster(seen, pods=(*seen.snapshot.pods, *pods))


def rows(seen: Observation) -> list[tuple[Level, str]]:
    return [(finding.level, str(finding)) for finding in mutual_tls.check(seen)]


def the(seen: Observation) -> Finding:
    (finding,) = mutual_tls.check(seen)
    return finding


def test_a_rogue_policy_of_the_trading_namespace_is_named_with_effect_workloads_and_manager(healthy):
    seen = with_policies(with_pods(healthy, meshed("trading", "app")), rogue("trading", PERMISSIVE))
    finding = the(seen)
    assert finding.level is Level.ERROR
    assert str(finding).startswith(
        "PeerAuthentication trading/rogue: PERMISSIVE: plain text is accepted too by 1 pod (trading/app); "
        "managed by Argo CD application shop; "
        "if it is not wanted, remove it from Argo CD application shop, or ask for it in traffic.legacy"
    )


def test_an_exception_that_the_settings_do_not_ask_for_any_more_is_told_to_be_applied(healthy):
    finding = the(with_policies(healthy, replace(rogue("trading", PERMISSIVE), manager="a Pulumi stack")))
    assert finding.fix.startswith("`pulumi up` removes it where it is this stack's")


def test_a_port_that_takes_plain_text_only_is_named(healthy):
    spec = {"selector": {"matchLabels": {"app": "app"}}, "portLevelMtls": {"8080": {"mode": "DISABLE"}}}
    finding = the(with_policies(with_pods(healthy, meshed("trading", "app")), rogue("trading", spec)))
    assert (finding.level, "port 8080 DISABLE: only plain text is accepted" in finding.message) == (Level.ERROR, True)


def test_an_exception_that_the_settings_ask_for_is_named_as_one_and_strict_is_not_said_of_the_whole_mesh():
    seen = make_verification(make_mesh(traffic={"legacy": {"old-app": {"selector": {"app": "app"}}}}))
    (exception, summary) = rows(with_pods(seen, meshed("trading", "app")))
    assert exception[0] is Level.OK
    assert "an exception that traffic.legacy.old-app asks for" in exception[1]
    assert summary[0] is Level.OK
    assert "STRICT mesh-wide, but not for every workload and port of trading" in summary[1]


def test_an_exception_that_an_older_policy_overrules_is_a_warning():
    seen = make_verification(make_mesh(traffic={"legacy": {"old-app": {"selector": {"app": "app"}}}}))
    strict = rogue("trading", {"mtls": {"mode": "STRICT"}, "selector": {"matchLabels": {"app": "app"}}}, OLD)
    (warning, _) = rows(with_policies(with_pods(seen, meshed("trading", "app")), strict))
    assert (warning[0], "old-app: is overruled by an older policy" in warning[1]) == (Level.WARNING, True)


def test_an_exception_that_was_widened_is_a_problem():
    seen = make_verification(make_mesh(traffic={"legacy": {"old-app": {"selector": {"app": "app"}}}}))
    finding = the(with_policies(seen, rogue("trading", PERMISSIVE, name="old-app")))
    assert finding.level is Level.ERROR
    assert finding.fix.startswith("`kubectl patch peerauthentication.security.istio.io old-app -n trading --type=merge")
    assert finding.fix.endswith(", then `pulumi up --refresh`")


def test_an_older_mesh_wide_policy_holds_instead_of_ours(healthy):
    finding = the(with_policies(healthy, rogue("istio-system", PERMISSIVE, OLD)))
    assert finding.level is Level.ERROR
    assert "is older than istio-system/default, so its PERMISSIVE holds for the whole mesh" in finding.message


def test_a_newer_mesh_wide_policy_is_a_warning(healthy):
    assert [level for level, _ in rows(with_policies(healthy, rogue("istio-system", PERMISSIVE)))] == [
        Level.WARNING,
        Level.OK,
    ]


def test_a_policy_of_another_namespace_is_a_warning_and_its_namespace_is_left_out_of_strict(healthy):
    shop = Namespace("shop", {"istio-injection": "enabled"})
    cluster = in_cluster(healthy, namespaces=(*healthy.snapshot.namespaces, shop))
    (warning, summary) = rows(with_policies(with_pods(cluster, meshed("shop", "cart")), rogue("shop", PERMISSIVE)))
    assert warning[0] is Level.WARNING
    assert "of shop (see the rows there)" in summary[1]


def test_many_policies_of_other_namespaces_are_one_row(healthy):
    policies = [rogue(f"shop-{number:02}", PERMISSIVE) for number in range(12)]
    (warning, _) = rows(with_policies(healthy, *policies))
    assert (
        "12 of other namespaces let plain text in: shop-00/rogue, shop-01/rogue, shop-02/rogue and 9 more" in warning[1]
    )


@pytest.mark.parametrize("namespace", ["trading", "shop"])
def test_a_policy_that_only_says_strict_again_is_nothing(healthy, namespace):
    finding = the(with_policies(healthy, rogue(namespace, {"mtls": {"mode": "STRICT"}})))
    assert finding.message.startswith("STRICT for the whole mesh")


def test_a_policy_behind_an_older_one_of_its_namespace_is_a_warning_only(healthy):
    strict = rogue("trading", {"mtls": {"mode": "STRICT"}}, OLD, "first")
    (warning, _) = rows(with_policies(healthy, strict, rogue("trading", PERMISSIVE)))
    assert (warning[0], "not in force" in warning[1]) == (Level.WARNING, True)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("traffic.sidecar.istio.io/excludeInboundPorts", "9090"),
        ("traffic.sidecar.istio.io/includeInboundPorts", "8080"),
        ("traffic.sidecar.istio.io/includeInboundPorts", ""),
        ("sidecar.istio.io/interceptionMode", "NONE"),
    ],
)
def test_ports_that_no_proxy_stands_before_are_named(healthy, annotation, value):
    (warning, summary) = rows(with_pods(healthy, meshed("trading", "app", annotations={annotation: value})))
    assert (warning[0], annotation in warning[1]) == (Level.WARNING, True)
    assert "not for every workload and port of trading" in summary[1]


def test_ports_that_the_charts_values_leave_out_of_every_pod_are_named():
    values = {"global": {"proxy": {"excludeInboundPorts": "9090"}}}
    (warning, summary) = rows(make_verification(make_mesh(istio={"values": values})))
    assert warning[0] is Level.WARNING
    assert warning[1].startswith("istio.values.global.proxy.excludeInboundPorts: is 9090: these ports bypass")
    assert "not for every workload and port of istio-system, trading" in summary[1]


def test_an_older_mesh_wide_policy_that_names_no_mode_is_permissive(healthy):
    assert "so its PERMISSIVE holds" in the(with_policies(healthy, rogue("istio-system", {}, OLD))).message


def test_a_mesh_that_is_permissive_by_its_settings_is_not_weakened_by_a_permissive_policy():
    seen = make_verification(make_mesh(mtls={"mode": "PERMISSIVE"}))
    assert the(with_policies(seen, rogue("trading", PERMISSIVE))).level is Level.OK


def test_only_namespaces_whose_workloads_may_take_plain_text_are_weakened(healthy):
    one_pod = {"selector": {"matchLabels": {"app": "a"}}}
    names = ("strict", "wide", "narrow")
    injected = tuple(Namespace(name, {"istio-injection": "enabled"}) for name in names)
    seen = with_policies(
        in_cluster(healthy, namespaces=(*healthy.snapshot.namespaces, *injected)),
        rogue("strict", {"mtls": {"mode": "STRICT"}, **one_pod}, name="a"),
        rogue("wide", PERMISSIVE, name="b"),
        rogue("narrow", {**PERMISSIVE, **one_pod}, name="c"),
        rogue("elsewhere", {**PERMISSIVE, **one_pod}, name="d"),
    )
    assert mutual_tls.weakened_namespaces(seen) == {"wide", "narrow"}
    pods = with_pods(healthy, meshed("elsewhere", "app"))
    assert mutual_tls.weakened_namespaces(with_policies(pods, rogue("elsewhere", PERMISSIVE))) == {"elsewhere"}


PLAIN = {"tls": {"mode": "DISABLE"}}
HOST = "app.trading.svc.cluster.local"


@pytest.fixture
def served(healthy) -> Observation:
    """Return a mesh with service trading/app, and a pod with a proxy behind it."""
    app = Pod("trading", "app-0", {"app": "app"}, containers=(Container("app"), Container("istio-proxy")))
    service = Service("trading", "app", selector={"app": "app"})
    return in_cluster(healthy, pods=(app,), services=(service, Service("trading", "empty", selector={"app": "none"})))


def rule(spec: dict, namespace: str = "trading", name: str = "rogue") -> Policy:
    return Policy("DestinationRule", namespace, name, spec, manager="field manager kubectl")


@pytest.mark.parametrize(
    "spec",
    [
        {"host": HOST, "trafficPolicy": PLAIN},
        {"host": "app", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}},
        {"host": "*.local", "trafficPolicy": {"tls": {}}},
        {"host": HOST, "trafficPolicy": {"portLevelSettings": [{"port": {"number": 80}, **PLAIN}]}},
        {"host": HOST, "subsets": [{"name": "v1", "trafficPolicy": PLAIN}]},
    ],
)
def test_a_rule_that_takes_callers_from_mutual_tls_is_a_problem(served, spec):
    (finding,) = mutual_tls.rule_findings(with_policies(served, rule(spec)))
    assert (finding.level, finding.name) == (Level.ERROR, "trading/rogue")
    assert f"sidecars call {HOST} without mutual TLS, which STRICT refuses; managed by field manager" in finding.message


@pytest.mark.parametrize(
    "spec",
    [
        {"host": HOST, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
        {"host": HOST, "trafficPolicy": {"connectionPool": {}}},
        {"host": "api.example.com", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}},
        {"host": "empty", "trafficPolicy": PLAIN},
        {"host": "app.trading", "trafficPolicy": PLAIN},
    ],
    ids=["Istio's own", "no tls", "a host outside", "a service with no proxy", "a name that Istio does not complete"],
)
def test_a_rule_that_leaves_mutual_tls_alone_is_nothing(served, spec):
    assert list(mutual_tls.rule_findings(with_policies(served, rule(spec)))) == []


def test_a_rule_of_another_namespace_is_a_warning_about_its_own_callers(served):
    (finding,) = mutual_tls.rule_findings(with_policies(served, rule({"host": HOST, "trafficPolicy": PLAIN}, "shop")))
    assert (finding.level, "sidecars of shop call" in finding.message) == (Level.WARNING, True)


def test_many_rules_of_other_namespaces_are_one_row(served):
    rules = [rule({"host": HOST, "trafficPolicy": PLAIN}, "shop", f"rule-{number}") for number in range(5)]
    (finding,) = mutual_tls.rule_findings(with_policies(served, *rules))
    assert "5 of other namespaces keep callers from mutual TLS" in finding.message


def test_plain_text_to_a_workload_that_takes_it_is_a_warning(served):
    spec = {"selector": {"matchLabels": {"app": "app"}}, "mtls": {"mode": "DISABLE"}}
    legacy = Policy("PeerAuthentication", "trading", "legacy", spec)
    plain = rule({"host": HOST, "trafficPolicy": PLAIN})
    (finding,) = mutual_tls.rule_findings(with_policies(served, legacy, plain))
    assert (finding.level, "with no identity of the mesh" in finding.message) == (Level.WARNING, True)


def mesh_wide(spec: dict) -> Policy:
    return Policy("PeerAuthentication", "istio-system", "default", spec)


def test_a_mesh_that_lets_plaintext_in_is_a_problem(healthy):
    seen = problems(with_policies(healthy, mesh_wide({"mtls": {"mode": "PERMISSIVE"}})))
    assert any("says PERMISSIVE, the settings say STRICT" in problem for problem in seen)


def test_a_missing_mesh_wide_policy_is_a_problem(healthy):
    seen = problems(without_policy(healthy, "PeerAuthentication"))
    assert any("the mesh is PERMISSIVE, not STRICT" in problem for problem in seen)


def test_a_mesh_wide_policy_with_a_selector_is_a_problem(healthy):
    spec = {"mtls": {"mode": "STRICT"}, "selector": {"matchLabels": {"app": "a"}}}
    seen = problems(with_policies(healthy, mesh_wide(spec)))
    assert any("has a selector or ports of its own" in problem for problem in seen)


def test_strict_is_said_of_the_whole_mesh_with_the_number_of_its_pods(healthy):
    (row,) = mutual_tls.check(healthy)
    assert (row.level, row.message.partition(":")[0], row.number) == (Level.OK, "STRICT for the whole mesh", 0)


def test_a_mesh_whose_root_namespace_is_elsewhere_is_not_said_to_be_strict():
    elsewhere = make_verification(make_mesh(istio={"values": {"meshConfig": {"rootNamespace": "elsewhere"}}}))
    levels = [finding.level for finding in mutual_tls.check(elsewhere)]
    assert levels
    assert Level.OK not in levels


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"rootNamespace": "elsewhere"}, "meshConfig.rootNamespace is elsewhere"),
        ({"rootNamespace": "istio-system", "enableAutoMtls": False}, "meshConfig.enableAutoMtls is false"),
        (None, "is missing or not valid YAML"),
    ],
)
def test_a_mesh_config_that_undoes_mutual_tls_is_a_problem(healthy, config, says):
    seen = replace(healthy, policies=replace(healthy.policies, mesh_config=config))
    assert any(says in problem and "configmap istio-system/istio" in problem for problem in problems(seen))


def test_a_mesh_config_without_a_root_namespace_means_istio_system():
    mesh = make_verification(make_mesh(istio={"namespace": "mesh"}))
    seen = replace(mesh, policies=replace(mesh.policies, mesh_config={}))
    assert any("is not set, which means istio-system" in problem for problem in problems(seen))


@pytest.mark.parametrize("kind", ["PeerAuthentication", "DestinationRule", "configmap istio"])
def test_nothing_is_said_of_mutual_tls_where_its_policies_may_not_be_read(healthy, kind):
    (row,) = mutual_tls.check(replace(healthy, policies=replace(healthy.policies, unreadable=(kind,))))
    assert (row.level, kind in row.message) == (Level.UNKNOWN, True)
