"""The nodes' clocks, as their kubelets tell them, against the API server's."""

from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

from pi_mesh.checks.finding import Level, Subject
from pi_mesh.checks.verify import clock
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.kubelet import NotAnswered, Offset
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster
from tests.support.snapshots import make_node, make_pis

OK, WARNING, ERROR, UNKNOWN = Level.OK, Level.WARNING, Level.ERROR, Level.UNKNOWN
NO_RIGHT = NotAnswered("the kubeconfig's user has no right to get nodes/proxy")


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


@table(
    case("each ready node is judged", 0, {"node pi-1": OK, "node pi-2": ERROR, "node pi-3": UNKNOWN}),
    case("a server behind this machine", -600, {"cluster": WARNING}),
    case("a server ahead of this machine", 600, {"cluster": WARNING}),
)
def test_the_nodes_are_compared_with_the_server_and_the_server_with_this_machine(monkeypatch, ahead, levels):
    client = FakeClient()
    client.time = datetime.now(UTC) + timedelta(seconds=ahead)
    monkeypatch.setattr(clock, "Client", client)
    monkeypatch.setattr(kubelet, "clock", Mock(side_effect=[Offset(-1, 1), Offset(-300, -298), NO_RIGHT]))
    nodes = (*make_pis(3), make_node("pi-off", ready=False))
    findings = clock.check(in_cluster(HEALTHY, nodes=nodes))
    judged = {str(finding.subject): finding.level for finding in findings}
    assert judged.items() >= levels.items()
    assert ("cluster" in judged) is ("cluster" in levels)
