"""The API server and istiod accept every object of traffic and addons, and a running sidecar gets what settings say."""

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest

from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until
from lab.workloads import apply
from pi_mesh import addons
from pi_mesh.values.objects import VERSIONS
from tests.support import charts, pods, whole_trading
from tests.support.factories import make_mesh
from tests.support.full_traffic_settings import AGENT
from tests.support.proxies import Proxy, access_rules, istioctl, wants_certificate

pytestmark = pytest.mark.usefixtures("mesh")

KINDS = (
    "gateway,virtualservice,destinationrule,serviceentry,envoyfilter,"
    "authorizationpolicy,peerauthentication,requestauthentication"
)
PORT_NOT_SERVED = "IST0162"
"""The objects are applied without the program, so the ingress gateway's Service has no ports for its listeners."""
EGRESS = "istio-egressgateway.istio-system.svc.cluster.local"


@pytest.fixture(scope="module")
def trading(namespace, tmp_path_factory) -> Iterator[str]:
    """Yield a trading namespace with all of the traffic settings, and workloads behind them."""
    name = namespace("trading", istio_injection="enabled")
    with whole_trading.neighbours(tmp_path_factory.mktemp("certificate")):
        whole_trading.start(name)
        yield name


def outbound(trading: str, subset: str) -> str:
    return f"outbound|80|{subset}|{AGENT}.{trading}.svc.cluster.local"


def names(objects: list[dict]) -> set[tuple[str, str]]:
    """Return the kind and name of each object."""
    return {(item["kind"], item["metadata"]["name"]) for item in objects}


def test_istiod_accepts_every_kind(trading):
    objects = [item for stage in whole_trading.objects(trading) for item in stage]
    own = [item for item in objects if item["metadata"]["namespace"] == trading]
    # The way to and from the egress gateway lies in the mesh's root namespace.
    shared = [item for item in objects if item not in own]
    assert names(get(KINDS, "-n", trading)["items"]) == names(own)
    assert names(get(KINDS, "-n", "istio-system")["items"]) >= names(shared)
    # The namespace's own Sidecar and a Telemetry come of other settings.
    assert {kind for kind, _ in names(objects)} == VERSIONS.keys() - {"Sidecar", "Telemetry"}


def test_istiod_refuses_what_is_wrong(trading):
    first, _ = whole_trading.objects(trading)
    rule = next(item for item in first if "outlierDetection" in item["spec"].get("trafficPolicy", {}))
    rule["spec"]["trafficPolicy"]["outlierDetection"]["interval"] = "1us"
    with pytest.raises(LabError, match="interval"):
        apply([rule])


def test_istioctl_finds_nothing_to_complain_of(trading):
    def findings() -> list[tuple[str, str]]:
        found = json.loads(istioctl("analyze", f"--namespace={trading}", "--output=json"))
        return [(one["code"], one["message"]) for one in found if one["code"] != PORT_NOT_SERVED]

    # Namespaces of earlier tests may still be terminating, with their routes.
    with suppress(LabError):
        wait_until("analysis", lambda: not findings(), seconds=60)
    assert findings() == []


def test_the_canary_sends_its_path_to_v2_and_splits_the_rest_90_to_10(trading):
    by_path, rest = Proxy(trading, "app").routes(f"{AGENT}.{trading}.svc.cluster.local")
    assert by_path["match"]["prefix"] == "/api/v2"
    assert by_path["route"]["cluster"] == outbound(trading, "v2")
    assert [(one["name"], one["weight"]) for one in rest["route"]["weightedClusters"]["clusters"]] == [
        (outbound(trading, "v1"), 90),
        (outbound(trading, "v2"), 10),
    ]


def test_the_circuit_breaker_has_the_roles_numbers(trading):
    agent = Proxy(trading, "app").cluster(outbound(trading, "v1"))
    (limits,) = agent["circuitBreakers"]["thresholds"]
    outliers = agent["outlierDetection"]
    (protocol,) = agent["typedExtensionProtocolOptions"].values()
    assert (limits["maxConnections"], limits["maxPendingRequests"]) == (100, 100)
    assert protocol["commonHttpProtocolOptions"]["maxRequestsPerConnection"] == 2
    assert (outliers["consecutive5xx"], outliers["interval"], outliers["baseEjectionTime"]) == (5, "30s", "30s")


def test_the_authorization_rules_are_those_of_the_settings(trading):
    (chain,) = Proxy(trading, "agent-v1").inbound(pods.PORT)
    rules = access_rules(chain)
    role = f"ns[{trading}]-policy[trading-agent-policy]-rule"
    by_namespace, by_principal = (json.dumps(rules["ALLOW"][f"{role}[{number}]"]) for number in (0, 1))
    assert "/ns/argocd/" in by_namespace
    assert "/ns/istio-system/sa/prometheus" in by_principal
    assert '"destinationPort": 8888' in by_principal
    assert '"DELETE"' in json.dumps(rules["DENY"][f"ns[{trading}]-policy[no-deletions]-rule[0]"])
    assert f"ns[{trading}]-policy[default-deny]-rule[0]" in rules["ALLOW"]


def test_mutual_tls_is_wanted_of_every_caller_but_those_of_legacy_workloads(trading):
    strict, legacy = (Proxy(trading, pod).inbound(pods.PORT) for pod in ("agent-v1", "agent-v2"))
    assert [wants_certificate(chain) for chain in strict] == [True]
    assert sorted(wants_certificate(chain) for chain in legacy) == [False, True]


def test_a_sidecar_calls_the_service_with_mutual_tls(trading):
    agent = Proxy(trading, "app").cluster(outbound(trading, "v1"))
    assert [one["name"] for one in agent["transportSocketMatches"]] == ["tlsMode-istio", "tlsMode-disabled"]


def test_external_hosts_are_reached_through_the_egress_gateway(trading):
    app = Proxy(trading, "app")
    gateway = staying_pods("istio-system", "istio=egressgateway")[0]["metadata"]["name"]
    assert app.passes_by_name()["api.broker.example"] == f"outbound|443||{EGRESS}"
    assert Proxy("istio-system", gateway).passes_by_name()["api.broker.example"] == "outbound|443||api.broker.example"
    assert app.routes("rates.example")[0]["route"]["cluster"] == f"outbound|80||{EGRESS}"


ALL = make_mesh(observability={name: {"enabled": True} for name in addons.ALL})


@pytest.mark.usefixtures("mesh")
@pytest.mark.parametrize("name", sorted(addons.ALL))
def test_the_api_server_accepts_every_object_with_no_field_that_it_does_not_know(name, figure):
    (release,) = (one for one in ALL.releases if one.setting == f"observability.{name}")
    if not charts.has(release):
        pytest.skip(f"{release.chart} {release.version} is not in the folder of the charts")
    objects = charts.render(release, ALL.settings.istio.version)
    items = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    check = ("apply", "--dry-run=server", "--validate=strict", "--namespace=istio-system", "-f", "-")
    said = kubectl(*check, stdin=items).splitlines()
    assert len(said) == len(objects)
    assert all(line.endswith(("created (server dry run)", "configured (server dry run)")) for line in said)
    figure(f"{release.chart} {release.version}: {len(objects)} objects")
