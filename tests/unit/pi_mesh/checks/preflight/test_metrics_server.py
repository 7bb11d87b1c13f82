"""The preflight's findings about an autoscaler without its metrics."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.cluster.objects import Deployment
from tests.support.factories import make_mesh
from tests.support.preflight_problems import run
from tests.support.snapshots import make_snapshot


@pytest.mark.parametrize(("there", "level"), [(True, Level.OK), (False, Level.WARNING)])
def test_an_autoscaler_without_a_metrics_server_is_a_warning(there, level):
    server = Deployment("kube-system", "metrics-server", {"k8s-app": "metrics-server"})
    snapshot = make_snapshot(deployments=(server,) if there else ())
    found = run(make_mesh(ingress={"autoscaling": {"enabled": True}}), snapshot)
    assert [f.level for f in found if f.id == "metrics server"] == [level]
