"""The nodes' clocks, as their kubelets tell them, against the API server's."""

from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.checks.finding import Level, Subject
from pi_mesh.checks.verify import clock
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.kubelet import NotAnswered, Offset
from tests.support.fake_client import FakeClient
from tests.support.findings import table
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.snapshots import make_node, make_pis

OK, WARNING, ERROR, UNKNOWN = Level.OK, Level.WARNING, Level.ERROR, Level.UNKNOWN


@table(
    (Offset(8, 10), OK, "agrees"),
    (Offset(-3, 200), OK, "agrees"),
    (Offset(9.5, 12), OK, "agrees"),
    (Offset(10, 12), WARNING, "is 10 s ahead of the API server's"),
    (Offset(-12, -10), WARNING, "is 10 s behind the API server's"),
    (Offset(119, 121), WARNING, "is 119 s ahead of the API server's"),
    (Offset(120, 122), ERROR, "is 120 s ahead of the API server's: certificates from istiod"),
    (Offset(-4000, -3998), ERROR, "is 3998 s behind"),
    ("no answer", UNKNOWN, "is unknown: no answer"),
)
def test_a_clock_that_is_off_is_named_with_its_cure(offset, level, words):
    finding = clock.judged(Subject("node", "pi-1"), offset)
    assert finding.level is level
    assert words in finding.message
    assert ("timedatectl" in finding.fix) is (level in (WARNING, ERROR))


@pytest.fixture
def judged(monkeypatch):
    """Return `judged(ahead)`: the levels by subject, for an API server that many seconds ahead of this machine."""
    offsets = {"pi-1": Offset(-1, 1), "pi-2": Offset(-300, -298)}

    def asked(_: object, node: str) -> Offset:
        if node not in offsets:
            raise NotAnswered("the kubeconfig's user has no right to get nodes/proxy")
        return offsets[node]

    def levels(ahead: float = 0) -> dict[str, Level]:
        client = FakeClient()
        client.time = datetime.now(UTC) + timedelta(seconds=ahead)
        monkeypatch.setattr(clock, "Client", client)
        seen = in_cluster(make_verification(), nodes=(*make_pis(3), make_node("pi-off", ready=False)))
        return {str(finding.subject): finding.level for finding in clock.check(seen)}

    monkeypatch.setattr(kubelet, "clock", asked)
    return levels


def test_each_ready_node_is_judged(judged):
    assert judged() == {"node pi-1": OK, "node pi-2": ERROR, "node pi-3": UNKNOWN}


@pytest.mark.parametrize("ahead", [-600, 600])
def test_a_server_that_differs_from_this_machine_is_named_for_all_are_compared_with_it(judged, ahead):
    assert judged(ahead)["cluster"] is WARNING
