"""The calls, and what each of them showed."""

import json

import pytest

from operations.connectivity import calls
from operations.connectivity.calls import Call
from operations.connectivity.targets import CLIENT, NAMESPACE, SERVER, Way, ingress
from operations.plaintext_probe import Outcome
from operations.plaintext_server import CONTROL, GUARDED
from pi_mesh.checks.finding import Level
from pi_mesh.cluster.client import Relayed
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

PODS = {CLIENT: "client-0", SERVER: "server-0"}
STATUS = json.dumps({"kind": "Status", "message": "error trying to reach service: dial tcp: i/o timeout"})


def of(**overrides: object) -> dict[str, Call]:
    return {one.id: one for one in calls.of_pods(make_settings(**overrides), ingress("10.96.0.9", 80))}


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
    assert "in by the ingress gateway" not in {one.id for one in calls.of_pods(make_settings(), None)}


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
    assert calls.read(answer, refusals) == (outcome, words)


def test_a_call_is_asked_of_the_callers_pod_past_its_sidecar():
    client = FakeClient()
    client.relayed = {path("client-0", "ingress"): (200, str(Way.INGRESS)), path("server-0", "peer"): (403, "RBAC")}
    assert calls.make(client, of()["in by the ingress gateway"], PODS) == (Outcome.ANSWERED, Way.INGRESS)
    assert calls.make(client, of()["denied caller"], PODS)[0] is Outcome.REFUSED


def test_plain_text_is_sent_only_where_the_api_server_reaches_the_pod():
    prefix, client = f"/api/v1/namespaces/{NAMESPACE}/pods/server-0", FakeClient()
    client.relayed = {f"{prefix}:{CONTROL}/proxy/": (503, STATUS)}
    assert "does not reach pods" in calls.make(client, of()["plain text"], PODS)[1]
    closed = json.dumps({"kind": "Status", "message": "error trying to reach service: EOF"})
    client.relayed = {f"{prefix}:{CONTROL}/proxy/": (200, "direct"), f"{prefix}:{GUARDED}/proxy/": (503, closed)}
    assert calls.make(client, of()["plain text"], PODS) == (Outcome.REFUSED, "EOF")


def test_an_api_server_that_gives_no_answer_proves_nothing():
    class Silent(FakeClient):
        def relay(self, path: str, seconds: float) -> Relayed:  # noqa: ARG002
            raise ClusterUnreachable("cluster 'test' does not answer")

    assert calls.make(Silent(), of()["pod to pod"], PODS)[0] is Outcome.UNKNOWN


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
