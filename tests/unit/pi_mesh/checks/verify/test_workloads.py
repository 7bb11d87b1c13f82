"""What a verification says of workloads without a sidecar."""

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import run
from pi_mesh.cluster.pods import Container, Pod
from tests.support.healthy_mesh import in_cluster


def test_workloads_without_a_sidecar_are_listed_by_name(healthy):
    bare = Pod("trading", "ledger-0", node="pi-1", containers=(Container("app"),))
    seen = run(in_cluster(healthy, pods=(*healthy.snapshot.pods, bare)))
    assert any(str(f.subject) == "pod trading/ledger-0" and f.level is Level.WARNING for f in seen)
