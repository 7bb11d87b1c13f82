"""The calls, and what each of them showed."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from operations import short_lived
from operations.connectivity import calls, namespace
from operations.connectivity.calls import Call
from operations.connectivity.objects import CLIENT, NAMESPACE, SERVER, Way, ingress_target
from operations.envoy_server import CONTROL, GUARDED
from operations.short_lived import NotReadyError
from operations.verify.plain_text_call import Outcome
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.client import Relayed
from pi_mesh.cluster.errors import ClusterUnreachable, Forbidden, Refused
from pi_mesh.cluster.pods import Container, Pod
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

PODS = {CLIENT: "client-0", SERVER: "server-0"}
STATUS = json.dumps({"kind": "Status", "message": "error trying to reach service: dial tcp: i/o timeout"})


def of(**overrides: object) -> dict[str, Call]:
    return {one.id: one for one in calls.expected_calls(make_settings(**overrides), ingress_target("10.96.0.9", 80))}


def path(pod: str, call: str) -> str:
    return f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}:{CONTROL}/proxy/call/{call}"


def test_the_settings_say_which_calls_pass_and_by_which_way():
    passes = {id: call.way for id, call in of().items() if call.must_pass}
    assert passes == {
        "pod to pod": Way.DIRECT,
        "in by the ingress gateway": Way.INGRESS,
        "out to a registered host": Way.EGRESS,
        "unregistered host": Way.DIRECT,
    }
    assert {id for id, call in of().items() if not call.must_pass} == {"plain text", "denied caller"}


def test_other_settings_ask_for_other_calls():
    assert not of(proxy={"outboundTraffic": "REGISTRY_ONLY"})["unregistered host"].must_pass
    assert of(mtls={"mode": "PERMISSIVE"})["plain text"].must_pass
    assert of(egress={"enabled": False})["out to a registered host"].way is Way.DIRECT
    assert "in by the ingress gateway" not in {one.id for one in calls.expected_calls(make_settings(), None)}


@pytest.mark.parametrize(
    ("answer", "refusals", "outcome", "words"),
    [
        (Relayed(200, "direct"), (), Outcome.ANSWERED, "direct"),
        (Relayed(200, "a page of somebody else"), (), Outcome.UNKNOWN, "status 200, a page of somebody else"),
        (Relayed(403, "RBAC: access denied"), (403,), Outcome.REFUSED, "status 403, RBAC: access denied"),
        (Relayed(403, "RBAC: access denied"), (502,), Outcome.UNKNOWN, "status 403, RBAC: access denied"),
        (Relayed(502, ""), (502,), Outcome.REFUSED, "status 502"),
        (Relayed(503, STATUS), (503,), Outcome.UNKNOWN, "error trying to reach service: dial tcp: i/o timeout"),
    ],
    ids=str,
)
def test_an_answer_is_the_pods_a_proxys_refusal_or_neither(answer, refusals, outcome, words):
    assert calls.read_answer(answer, refusals) == (outcome, words)


def test_a_call_is_asked_of_the_callers_pod_past_its_sidecar():
    client = FakeClient()
    client.relayed = {path("client-0", "ingress"): (200, str(Way.INGRESS)), path("server-0", "peer"): (403, "RBAC")}
    assert calls.make_call(client, of()["in by the ingress gateway"], PODS) == (Outcome.ANSWERED, Way.INGRESS)
    assert calls.make_call(client, of()["denied caller"], PODS)[0] is Outcome.REFUSED


def test_plain_text_is_sent_only_where_the_api_server_reaches_the_pod():
    prefix, client = f"/api/v1/namespaces/{NAMESPACE}/pods/server-0", FakeClient()
    client.relayed = {f"{prefix}:{CONTROL}/proxy/": (503, STATUS)}
    assert "does not reach pods" in calls.make_call(client, of()["plain text"], PODS)[1]
    closed = json.dumps({"kind": "Status", "message": "error trying to reach service: EOF"})
    client.relayed = {f"{prefix}:{CONTROL}/proxy/": (200, "direct"), f"{prefix}:{GUARDED}/proxy/": (503, closed)}
    assert calls.make_call(client, of()["plain text"], PODS) == (Outcome.REFUSED, "EOF")


def test_an_api_server_that_gives_no_answer_proves_nothing():
    class Silent(FakeClient):
        def relay(self, path: str, seconds: float) -> Relayed:  # noqa: ARG002
            raise ClusterUnreachable("cluster 'test' does not answer")

    assert calls.make_call(Silent(), of()["pod to pod"], PODS)[0] is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("id", "outcome", "words", "level", "said"),
    [
        ("pod to pod", Outcome.ANSWERED, Way.DIRECT, Level.OK, "passed (direct)"),
        ("pod to pod", Outcome.UNKNOWN, "status 503", Level.ERROR, "did not pass as it must: status 503"),
        ("out to a registered host", Outcome.ANSWERED, Way.DIRECT, Level.ERROR, "did not pass as it must: direct"),
        ("denied caller", Outcome.REFUSED, "status 403", Level.OK, "was refused (status 403)"),
        ("denied caller", Outcome.ANSWERED, Way.DIRECT, Level.ERROR, "passed, and must be refused (direct)"),
        ("denied caller", Outcome.UNKNOWN, "status 503", Level.UNKNOWN, "was neither answered nor refused: status 503"),
    ],
)
def test_a_finding_says_whether_the_call_went_as_it_must(id, outcome, words, level, said):
    finding = of()[id].finding(outcome, words)
    assert (finding.level, finding.message) == (level, said)


def test_with_permissive_any_answer_to_plain_text_will_do():
    call = of(mtls={"mode": "PERMISSIVE"})["plain text"]
    assert call.finding(Outcome.ANSWERED, "status 403").level is Level.OK


GATEWAY = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"
HERE = "/api/v1/namespaces/pi-mesh-connectivity"
IDS = [
    "pod to pod",
    "in by the ingress gateway",
    "out to a registered host",
    "plain text",
    "denied caller",
    "unregistered host",
]


class Cluster:
    """A cluster on which both pods become Ready and every call goes as it must, unless a test says otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = FakeClient({GATEWAY: {"spec": {"clusterIP": "10.96.0.9"}}})
        self.containers = (Container("server"), Container("istio-proxy"))
        self.answers: dict[str, list[tuple[Outcome, str]]] = {}
        self.said: list[str] = []
        self.left = False
        monkeypatch.setattr(calls, "PAUSE", 0)
        monkeypatch.setattr(namespace, "temporary_namespace", self._opened)
        monkeypatch.setattr(short_lived, "ready", self._ready)
        monkeypatch.setattr(calls, "make_call", self._make)

    def run(self, **overrides: object) -> "list[calls.CallResult] | Finding":
        return calls.run_calls(self.client, make_settings(**overrides), "test", self.said.append)

    def made(self, **overrides: object) -> list[calls.CallResult]:
        made = self.run(**overrides)
        assert isinstance(made, list)
        return made

    @contextmanager
    def _opened(self, *_: object) -> Iterator[None]:
        yield
        self.left = True

    def _ready(self, _: object, namespace: str, job: str, seconds: float) -> Pod:
        assert 0 < seconds <= calls.WHOLE
        return Pod(namespace, f"{job}-pod", containers=self.containers, address="10.0.0.2")

    def _make(self, _: object, call: Call, pods: Mapping[str, str]) -> tuple[Outcome, str]:
        assert pods.keys() == {"client", "server"}
        told = self.answers.get(call.id)
        if told:
            return told.pop(0) if len(told) > 1 else told[0]
        return (Outcome.ANSWERED, call.way or "status 200") if call.must_pass else (Outcome.REFUSED, "refused")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    return Cluster(monkeypatch)


def test_every_call_is_a_row_and_a_finding(cluster):
    made = cluster.made()
    assert [row.call for row, _ in made] == IDS
    assert all(row.right and finding.level is Level.OK for row, finding in made)
    assert cluster.left


def test_the_objects_of_both_gateways_exist_before_the_calls_begin(cluster):
    cluster.run()
    made = [path.rpartition("/")[2] for verb, path in cluster.client.wrote if verb == "create"]
    assert made.count("jobs") == 2
    assert made.index("authorizationpolicies") < made.index("jobs") < made.index("serviceentries")
    assert made.count("gateways") == made.count("virtualservices") == 2


def test_progress_is_said_before_the_pods_and_before_the_calls(cluster):
    cluster.run()
    assert cluster.said == ["two pods start in namespace pi-mesh-connectivity", "6 calls begin"]


def test_a_call_is_made_again_until_it_goes_as_it_must(cluster):
    cluster.answers["pod to pod"] = [(Outcome.UNKNOWN, "status 503"), (Outcome.ANSWERED, "direct")]
    assert cluster.made()[0][0].seen == "direct"


@pytest.mark.parametrize(
    ("id", "answer", "right", "level"),
    [
        ("pod to pod", (Outcome.UNKNOWN, "status 503"), False, Level.ERROR),
        ("denied caller", (Outcome.ANSWERED, "direct"), False, Level.ERROR),
        ("denied caller", (Outcome.UNKNOWN, "status 503"), None, Level.UNKNOWN),
    ],
)
def test_what_stays_wrong_is_told_when_patience_ends(cluster, monkeypatch, id, answer, right, level):
    monkeypatch.setattr(calls, "PATIENCE", 0)
    monkeypatch.setattr(calls, "OF_REFUSALS", 0)
    cluster.answers[id] = [answer]
    ((row, finding),) = [each for each in cluster.made() if each[0].call == id]
    assert (row.right, row.seen, finding.level) == (right, answer[1], level)


def test_a_gateway_that_is_switched_off_is_a_row_with_the_reason(cluster):
    row, finding = cluster.made(ingress={"enabled": False})[-1]
    assert (row.call, row.must, row.right) == ("in by the ingress gateway", "not be made", None)
    assert (finding.level, finding.message) == (Level.OK, "was not made: ingress.enabled is false")


def test_a_gateway_that_is_gone_is_an_error(cluster):
    del cluster.client.answers[GATEWAY]
    row, finding = cluster.made()[-1]
    assert (row.must, row.right, row.seen) == ("pass", False, "its Service is gone")
    assert (finding.level, finding.message) == (Level.ERROR, "did not pass as it must: its Service is gone")


def test_a_pod_without_a_sidecar_ends_the_run_with_one_finding(cluster):
    cluster.containers = (Container("server"),)
    finding = cluster.run()
    assert isinstance(finding, Finding)
    assert (finding.level, "has no sidecar" in finding.message) == (Level.ERROR, True)


@pytest.mark.parametrize("problem", [NotReadyError("pod x is Pending after 55 s"), Refused("refused POST", "webhook")])
def test_calls_that_could_not_be_made_are_one_error_with_the_reason(cluster, monkeypatch, problem):
    def fail(*_: object) -> None:
        raise problem

    monkeypatch.setattr(short_lived, "ready", fail)
    finding = cluster.run()
    assert isinstance(finding, Finding)
    assert (finding.level, finding.message) == (Level.ERROR, f"no call was made: {problem}")


def test_a_missing_right_is_not_a_finding_about_the_mesh(cluster):
    cluster.client.answers[f"create {HERE}/serviceaccounts"] = Forbidden("refused POST", "forbidden")
    with pytest.raises(Forbidden):
        cluster.run()
