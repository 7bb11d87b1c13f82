"""The calls, and what each of them showed."""

import json
from contextlib import contextmanager
from unittest.mock import Mock

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

ANSWERED, REFUSED, UNKNOWN = Outcome.ANSWERED, Outcome.REFUSED, Outcome.UNKNOWN
PEER, INGRESS, OUTSIDE = "pod to pod", "in by the ingress gateway", "out to a registered host"
PLAIN, DENIED, UNREGISTERED = "plain text", "denied caller", "unregistered host"
PODS = {CLIENT: "client-0", SERVER: "server-0"}
SERVER_POD = f"/api/v1/namespaces/{NAMESPACE}/pods/server-0"
CONTROL_PORT, GUARDED_PORT = f"{SERVER_POD}:{CONTROL}/proxy/", f"{SERVER_POD}:{GUARDED}/proxy/"
STATUS, CLOSED = (
    json.dumps({"kind": "Status", "message": f"error trying to reach service: {reason}"})
    for reason in ("dial tcp: i/o timeout", "EOF")
)
GATEWAY = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"


def expected(**overrides: object) -> dict[str, Call]:
    return {one.id: one for one in calls.expected_calls(make_settings(**overrides), ingress_target("10.96.0.9", 80))}


EXPECTED, PERMISSIVE = expected(), expected(mtls={"mode": "PERMISSIVE"})


@pytest.mark.parametrize(("settings", "id", "must_pass", "way"), [
    ({"proxy": {"outboundTraffic": "REGISTRY_ONLY"}}, UNREGISTERED, False, None),
    ({"mtls": {"mode": "PERMISSIVE"}}, PLAIN, True, None),
    ({"egress": {"enabled": False}}, OUTSIDE, True, Way.DIRECT),
])  # fmt: skip
def test_other_settings_ask_for_other_calls(settings, id, must_pass, way):
    call = expected(**settings)[id]
    assert (call.must_pass, call.way) == (must_pass, way)


@pytest.mark.parametrize(("answer", "refusals", "outcome", "words"), [
    (Relayed(200, "direct"), (), ANSWERED, "direct"),
    (Relayed(200, "a page of somebody else"), (), UNKNOWN, "status 200, a page of somebody else"),
    (Relayed(403, "RBAC: access denied"), (403,), REFUSED, "status 403, RBAC: access denied"),
    (Relayed(403, "RBAC: access denied"), (502,), UNKNOWN, "status 403, RBAC: access denied"),
    (Relayed(502, ""), (502,), REFUSED, "status 502"),
    (Relayed(503, STATUS), (503,), UNKNOWN, "error trying to reach service: dial tcp: i/o timeout"),
])  # fmt: skip
def test_an_answer_is_the_pods_a_proxys_refusal_or_neither(answer, refusals, outcome, words):
    assert calls.read_answer(answer, refusals) == (outcome, words)


@pytest.mark.parametrize(("id", "relayed", "outcome", "words"), [
    (INGRESS, {f"{CONTROL_PORT.replace(SERVER, CLIENT)}call/ingress": (200, Way.INGRESS)}, ANSWERED, "ingress"),
    (DENIED, {f"{CONTROL_PORT}call/peer": (403, "RBAC")}, REFUSED, "status 403, RBAC"),
    (PLAIN, {CONTROL_PORT: (503, STATUS)}, UNKNOWN, "the API server does not reach pods"),
    (PLAIN, {CONTROL_PORT: (200, "direct"), GUARDED_PORT: (503, CLOSED)}, REFUSED, "EOF"),
])  # fmt: skip
def test_a_call_is_asked_past_the_callers_sidecar_and_plain_text_of_a_reached_pod(id, relayed, outcome, words):
    client = FakeClient()
    client.relayed = relayed
    made, said = calls.make_call(client, expected()[id], PODS)
    assert (made, words in said) == (outcome, True)


def test_an_api_server_that_gives_no_answer_proves_nothing(monkeypatch):
    monkeypatch.setattr(FakeClient, "relay", Mock(side_effect=ClusterUnreachable("cluster 'test' does not answer")))
    assert calls.make_call(FakeClient(), EXPECTED[PEER], PODS)[0] is UNKNOWN


@pytest.mark.parametrize(("call", "outcome", "words", "level", "said"), [
    (PERMISSIVE[PLAIN], ANSWERED, "status 403", Level.OK, "passed (status 403)"),
    (EXPECTED[PEER], ANSWERED, Way.DIRECT, Level.OK, "passed (direct)"),
    (EXPECTED[PEER], UNKNOWN, "status 503", Level.ERROR, "did not pass as it must: status 503"),
    (EXPECTED[OUTSIDE], ANSWERED, Way.DIRECT, Level.ERROR, "did not pass as it must: direct"),
    (EXPECTED[DENIED], REFUSED, "status 403", Level.OK, "was refused (status 403)"),
    (EXPECTED[DENIED], ANSWERED, Way.DIRECT, Level.ERROR, "passed, and must be refused (direct)"),
    (EXPECTED[DENIED], UNKNOWN, "status 503", Level.UNKNOWN, "was neither answered nor refused: status 503"),
])  # fmt: skip
def test_a_finding_says_whether_the_call_went_as_it_must(call, outcome, words, level, said):
    finding = call.finding(outcome, words)
    assert (finding.level, finding.message) == (level, said)


class Cluster:
    """A cluster on which both pods become Ready and every call goes as it must, unless a test says otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = FakeClient({GATEWAY: {"spec": {"clusterIP": "10.96.0.9"}}})
        self.pod: Pod | Exception = Pod("x", "pod", containers=(Container("istio-proxy"),), address="10.0.0.2")
        self.answers: dict[str, list[tuple[Outcome, str]]] = {}
        self.said: list[str] = []
        self.left = False
        monkeypatch.setattr(calls, "PAUSE", 0)
        monkeypatch.setattr(namespace, "temporary_namespace", self._opened)
        monkeypatch.setattr(short_lived, "ready", self._ready)
        monkeypatch.setattr(calls, "make_call", self._make)

    def run(self, **overrides: object) -> "dict[str, calls.CallResult] | Finding":
        made = calls.run_calls(self.client, make_settings(**overrides), "test", self.said.append)
        return made if isinstance(made, Finding) else {row.call: (row, finding) for row, finding in made}

    @contextmanager
    def _opened(self, *_: object):
        yield
        self.left = True

    def _ready(self, _: object, __: str, ___: str, seconds: float) -> Pod:
        assert 0 < seconds <= calls.WHOLE
        if isinstance(self.pod, Exception):
            raise self.pod
        return self.pod

    def _make(self, _: object, call: Call, pods: dict[str, str]) -> tuple[Outcome, str]:
        assert pods.keys() == {"client", "server"}
        if told := self.answers.get(call.id):
            return told.pop(0) if len(told) > 1 else told[0]
        return (ANSWERED, call.way or "status 200") if call.must_pass else (REFUSED, "refused")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    return Cluster(monkeypatch)


def test_every_call_is_a_row_and_a_finding(cluster):
    made = cluster.run()
    assert [*made] == [PEER, INGRESS, OUTSIDE, PLAIN, DENIED, UNREGISTERED]
    assert all(row.right and finding.level is Level.OK for row, finding in made.values())
    assert (made[PEER][0].must, made[DENIED][0].must, cluster.left) == ("pass", "be refused", True)
    assert cluster.said == ["two pods start in namespace pi-mesh-connectivity", "6 calls begin"]


def test_the_objects_of_both_gateways_exist_before_the_calls_begin(cluster):
    cluster.run()
    made = [path.rpartition("/")[2] for verb, path in cluster.client.wrote if verb == "create"]
    assert made.index("authorizationpolicies") < made.index("jobs") < made.index("serviceentries")
    assert [made.count(kind) for kind in ("jobs", "gateways", "virtualservices")] == [2, 2, 2]


def test_a_call_is_made_again_until_it_goes_as_it_must(cluster):
    cluster.answers[PEER] = [(UNKNOWN, "status 503"), (ANSWERED, "direct")]
    assert cluster.run()[PEER][0].seen == "direct"


@pytest.mark.parametrize(("id", "answer", "right", "level"), [
    (PEER, (UNKNOWN, "status 503"), False, Level.ERROR),
    (DENIED, (ANSWERED, "direct"), False, Level.ERROR),
    (DENIED, (UNKNOWN, "status 503"), None, Level.UNKNOWN),
])  # fmt: skip
def test_what_stays_wrong_is_told_when_patience_ends(cluster, monkeypatch, id, answer, right, level):
    monkeypatch.setattr(calls, "PATIENCE", 0)
    monkeypatch.setattr(calls, "OF_REFUSALS", 0)
    cluster.answers[id] = [answer]
    row, finding = cluster.run()[id]
    assert (row.right, row.seen, finding.level) == (right, answer[1], level)


@pytest.mark.parametrize(("settings", "must", "right", "level", "says"), [
    ({"ingress": {"enabled": False}}, "not be made", None, Level.OK, "was not made: ingress.enabled is false"),
    ({}, "pass", False, Level.ERROR, "did not pass as it must: its Service is gone"),
])  # fmt: skip
def test_only_a_gateway_that_is_switched_off_may_be_gone(cluster, settings, must, right, level, says):
    del cluster.client.answers[GATEWAY]
    row, finding = cluster.run(**settings)[INGRESS]
    assert (row.must, row.right, finding.level, finding.message) == (must, right, level, says)


@pytest.mark.parametrize(("pod", "reason"), [
    (NotReadyError("pod x is Pending after 55 s"), "pod x is Pending after 55 s"),
    (Refused("refused POST", "webhook"), str(Refused("refused POST", "webhook"))),
    (Pod("x", "pod", containers=(Container("server"),)), "pod pod has no sidecar"),
], ids=str)  # fmt: skip
def test_calls_that_could_not_be_made_are_one_error_with_the_reason(cluster, pod, reason):
    cluster.pod = pod
    finding = cluster.run()
    assert (finding.level, finding.message) == (Level.ERROR, f"no call was made: {reason}")


def test_a_missing_right_is_not_a_finding_about_the_mesh(cluster):
    accounts = "create /api/v1/namespaces/pi-mesh-connectivity/serviceaccounts"
    cluster.client.answers[accounts] = Forbidden("refused POST", "forbidden")
    with pytest.raises(Forbidden):
        cluster.run()
