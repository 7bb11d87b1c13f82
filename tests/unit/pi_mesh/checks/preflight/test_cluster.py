"""What the preflight says about versions, releases, rights, autoscalers and load balancers."""

from datetime import date

import pytest

from pi_mesh.checks.finding import Level, errors
from pi_mesh.checks.preflight import run, versions
from pi_mesh.cluster.helm_releases import Release
from pi_mesh.cluster.objects import Crd, Deployment, Namespace, Service
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, installed_mesh, make_node, make_pod, make_snapshot


def problems(snapshot, **settings) -> list[str]:
    return [str(finding) for finding in errors(run(make_settings(**settings), snapshot, STACK))]


def test_our_own_running_mesh_is_no_problem():
    assert problems(make_snapshot(**installed_mesh())) == []


def test_a_kubernetes_below_istios_range_is_refused_with_the_range():
    (problem,) = problems(make_snapshot(version="v1.31.4"))
    assert problem.startswith("Kubernetes v1.31.4: is too old for Istio 1.31.0, which needs 1.32 to 1.36")


def test_a_kubernetes_above_istios_range_is_a_warning():
    finding = versions.kubernetes(make_settings(), make_snapshot(version="v1.40.0+k3s1"))
    assert finding.level is Level.WARNING


def test_the_last_day_of_support_is_still_supported():
    assert versions.end_of_life(make_settings(), date(2027, 3, 31)).level is Level.OK


def test_a_version_that_gets_no_fixes_is_said_with_the_date():
    finding = versions.end_of_life(make_settings(istio={"version": "1.20.3"}), date(2026, 11, 23))
    assert finding.level is Level.WARNING
    assert "1.20.3 gets no fixes since 2024-06-25" in finding.message


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_release_that_a_killed_run_left_is_refused_with_the_command_that_repairs(status):
    stuck = Release("istio-system", "istiod", status=status)
    (problem,) = problems(make_snapshot(releases=(stuck,)))
    assert problem.startswith(f"release istio-system/istiod: is {status}")
    assert "python -m operations repair" in problem


def test_a_failed_release_is_only_a_warning_since_up_heals_it():
    assert problems(make_snapshot(releases=(Release("istio-system", "istiod", status="failed"),))) == []


def test_missing_rights_are_listed_in_one_problem():
    (problem,) = problems(make_snapshot(missing_rights=("namespaces", "deployments.apps")))
    assert "may not create namespaces, deployments.apps" in problem


def test_kinds_that_may_not_be_listed_are_named():
    (problem,) = problems(make_snapshot(unreadable=("releases",)))
    assert "may not list releases" in problem


def test_a_load_balancer_that_nothing_serves_is_refused():
    (problem,) = problems(make_snapshot(), ingress={"service": {"type": "LoadBalancer"}})
    assert problem.startswith("ingress.service.type: is LoadBalancer, but nothing in this cluster gives addresses")


@pytest.mark.parametrize(
    "provider",
    [
        {"crds": (Crd("ipaddresspools.metallb.io"),)},
        {"pods": (make_pod(labels={"app.kubernetes.io/name": "kube-vip"}),)},
        {"services": (Service("web", "shop", "LoadBalancer", ("192.0.2.7",)),)},
        {"nodes": tuple(make_node(f"pi-{i}", kubelet="v1.35.2+k3s1") for i in range(3))},
    ],
    ids=["MetalLB", "kube-vip", "a served service", "k3s"],
)
def test_a_provider_of_addresses_is_recognised(provider):
    assert problems(make_snapshot(**provider), ingress={"service": {"type": "LoadBalancer"}}) == []


def test_k3s_without_its_servicelb_is_no_provider():
    arguments = '["server","--disable","servicelb"]'
    nodes = tuple(make_node(f"pi-{i}", kubelet="v1.35.2+k3s1", k3s_arguments=arguments) for i in range(3))
    assert make_snapshot(nodes=nodes).load_balancer == ""


@pytest.mark.parametrize(("there", "level"), [(True, Level.OK), (False, Level.WARNING)])
def test_an_autoscaler_without_a_metrics_server_is_a_warning(there, level):
    server = Deployment("kube-system", "metrics-server", {"k8s-app": "metrics-server"})
    snapshot = make_snapshot(deployments=(server,) if there else ())
    found = run(make_settings(ingress={"autoscaling": {"enabled": True}}), snapshot, STACK)
    assert [f.level for f in found if f.id == "metrics server"] == [level]


def test_every_problem_is_in_one_report():
    snapshot = make_snapshot(
        version="v1.28.0", nodes=(make_node(architecture="arm"),), namespaces=(Namespace("trading"),)
    )
    assert len(problems(snapshot)) >= 5
