"""The run of the calls."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from operations import short_lived
from operations.connectivity import calls, calls_run, own_namespace
from operations.connectivity.calls import Call
from operations.plaintext_probe import Outcome
from operations.short_lived import NotReadyError
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.errors import Forbidden, Refused
from pi_mesh.cluster.pods import Container, Pod
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

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
        monkeypatch.setattr(calls_run, "PAUSE", 0)
        monkeypatch.setattr(own_namespace, "opened", self._opened)
        monkeypatch.setattr(short_lived, "ready", self._ready)
        monkeypatch.setattr(calls, "make", self._make)

    def run(self, **overrides: object) -> "list[calls_run.Made] | Finding":
        return calls_run.run(self.client, make_settings(**overrides), "test", self.said.append)

    def made(self, **overrides: object) -> list[calls_run.Made]:
        made = self.run(**overrides)
        assert isinstance(made, list)
        return made

    @contextmanager
    def _opened(self, *_: object) -> Iterator[None]:
        yield
        self.left = True

    def _ready(self, _: object, namespace: str, job: str, seconds: float) -> Pod:
        assert 0 < seconds <= calls_run.WHOLE
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
    monkeypatch.setattr(calls_run, "PATIENCE", 0)
    monkeypatch.setattr(calls_run, "OF_REFUSALS", 0)
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
