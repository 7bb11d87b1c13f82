"""The preflight's findings about pods that are killed before their sidecars have drained."""

from pi_mesh.checks.preflight.grace_periods import check
from pi_mesh.cluster.pods import SIDECAR, Container, Pod
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_pod, make_snapshot


def pod(grace: int, native: bool = False, namespace: str = "trading") -> Pod:
    containers = (Container("app"), Container(SIDECAR, is_init=native))
    return make_pod("fix", namespace=namespace, grace=grace, owner="StatefulSet/fix", containers=containers)


DRAIN = {"drainSeconds": 60}
SHORT = "has a terminationGracePeriodSeconds of 30, and its sidecars drain for 60 seconds; raise it, or lower proxy."


@table(
    case("a shorter one, once for all pods", DRAIN, (pod(30), pod(30)), [f"warning workload trading/fix: {SHORT}"]),
    case("one that is long enough", DRAIN, (pod(60),), []),
    case("a drain that the stack file leaves to the default", {}, (pod(1),), []),
    case("a native sidecar, which stops last", DRAIN, (pod(30, native=True),), []),
    case("a pod elsewhere, such as a gateway's", DRAIN, (pod(30, namespace="istio-system"),), []),
)
def test_a_grace_period_shorter_than_the_drain_is_named_with_its_workload(proxy, pods, lines):
    assert_told(check(observation(make_snapshot(pods=pods), proxy=proxy)), *lines)
