"""What the preflight says about versions, owners, rights and load balancers."""

from datetime import date

import pytest

from checks.finding import Level, errors
from checks.preflight import run, versions
from cluster.objects import Crd, Deployment, Namespace, Service, Webhook
from cluster.releases import Release
from tests.factories import make_settings
from tests.snapshots import STACK, installed_mesh, make_node, make_pod, make_snapshot, owned_namespace


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


@pytest.mark.parametrize("name", ["istio-system", "trading"])
def test_a_namespace_of_somebody_else_is_refused(name):
    (problem,) = problems(make_snapshot(namespaces=(Namespace(name),)))
    assert problem.startswith(f"namespace {name}: is there already")
    assert "adopt: true" in problem


def test_a_namespace_of_another_stack_is_refused_by_that_stacks_name():
    (problem,) = problems(make_snapshot(namespaces=(owned_namespace("trading", "staging"),)))
    assert "of pi-mesh/staging" in problem


def test_a_namespace_is_taken_over_where_the_settings_say_so():
    snapshot = make_snapshot(namespaces=(Namespace("trading"),))
    assert problems(snapshot, trading={"adopt": True}) == []


def test_no_foreign_istio_is_said_only_where_there_is_none():
    def said(**more: tuple) -> bool:
        found = run(make_settings(), make_snapshot(**more), STACK)
        return any(f.check == "foreign istio" and f.level is Level.OK for f in found)

    assert said()
    assert not said(deployments=(Deployment("mesh", "istiod", {"app": "istiod"}),))


def test_another_istiod_is_refused():
    foreign = Deployment("mesh", "istiod", {"app": "istiod"}, "mesh/istiod")
    (problem,) = problems(make_snapshot(deployments=(foreign,)))
    assert problem.startswith("deployment mesh/istiod: is another istiod, of release mesh/istiod")


@pytest.mark.row(21)
def test_a_stale_webhook_is_refused_with_the_command_that_deletes_it():
    hook = Webhook("Validating", "istiod-default-validator", "validation.istio.io", "istio-system/istiod")
    (problem,) = problems(make_snapshot(webhooks=(hook,)))
    assert "calls istio-system/istiod, a service that is gone" in problem
    assert "`kubectl delete validatingwebhookconfiguration istiod-default-validator`" in problem


def test_webhooks_of_others_are_nobodys_business():
    hook = Webhook("Validating", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager/webhook")
    assert problems(make_snapshot(webhooks=(hook,))) == []


@pytest.mark.row(12)
def test_crds_of_no_release_are_refused_with_the_commands_that_hand_them_over():
    (problem,) = problems(make_snapshot(crds=(Crd("gateways.networking.istio.io"),)))
    assert problem.startswith("crd gateways.networking.istio.io: 1 belong to no Helm release")
    assert "kubectl label crd gateways.networking.istio.io app.kubernetes.io/managed-by=Helm" in problem
    assert "meta.helm.sh/release-name=istio-base meta.helm.sh/release-namespace=istio-system" in problem


def test_crds_of_a_release_that_is_alive_are_not_taken_from_it():
    crd = Crd("gateways.networking.istio.io", "mesh/base")
    (problem,) = problems(make_snapshot(crds=(crd,), releases=(Release("mesh", "base"),)))
    assert "uninstall mesh/base first" in problem


@pytest.mark.row(13)
def test_crds_kept_by_our_own_destroy_are_no_problem():
    crd = Crd("gateways.networking.istio.io", "istio-system/istio-base")
    assert problems(make_snapshot(crds=(crd,))) == []


def test_crds_of_the_gateway_api_are_not_istios():
    assert problems(make_snapshot(crds=(Crd("gateways.gateway.networking.k8s.io"),))) == []


def test_charts_before_1_24_leave_crds_alone():
    snapshot = make_snapshot(crds=(Crd("gateways.networking.istio.io"),), version="v1.29.0")
    assert problems(snapshot, istio={"version": "1.20.3"}) == []


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


def test_every_problem_is_in_one_report():
    snapshot = make_snapshot(
        version="v1.28.0", nodes=(make_node(architecture="arm"),), namespaces=(Namespace("trading"),)
    )
    assert len(problems(snapshot)) >= 5
