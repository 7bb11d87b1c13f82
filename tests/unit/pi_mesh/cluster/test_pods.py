"""The requests of a pod, as the scheduler reserves them."""

from pi_mesh.cluster import pods
from tests.support.findings import case, table


def container(name: str, cpu: str, **more: object) -> dict:
    return {"name": name, "resources": {"requests": {"cpu": cpu, "memory": "10Mi"}}, **more}


APP, SIDECAR = container("app", "100m"), container("proxy", "1000m", restartPolicy="Always")


@table(
    case("containers together", {"containers": [APP, APP]}, 200),
    case("a larger start", {"containers": [APP], "initContainers": [container("init", "500m")]}, 500),
    case("a native sidecar lasts", {"containers": [APP], "initContainers": [SIDECAR]}, 1100),
    case("a start beside it", {"containers": [APP], "initContainers": [SIDECAR, container("init", "500m")]}, 1500),
    case("a start before it", {"containers": [APP], "initContainers": [container("init", "500m"), SIDECAR]}, 1100),
    case("the pod's own", {"containers": [APP], "resources": {"requests": {"cpu": "2"}}}, 2000),
    case("with its runtime's overhead", {"containers": [APP], "overhead": {"cpu": "50m"}}, 150),
)
def test_a_pod_takes_what_kubernetes_reserves_for_it(spec, cpu):
    assert pods.parse({"metadata": {"namespace": "a", "name": "b"}, "spec": spec}).requests.cpu == cpu


@table(({}, 30), ({"terminationGracePeriodSeconds": 600}, 600))
def test_a_pod_has_kubernetes_own_grace_period_unless_it_says_another(spec, grace):
    assert pods.parse({"metadata": {"namespace": "a", "name": "b"}, "spec": spec}).grace == grace
