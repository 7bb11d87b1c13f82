"""The verification's findings about a dry run of a pod in the trading namespace."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import sidecar_injection
from pi_mesh.cluster.live_objects import Injection
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import found, in_cluster, make_verification, problems


def test_a_pod_that_comes_out_without_its_sidecar_is_a_problem(healthy):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    (problem,) = problems(found(healthy, injections={"trading": bare}))
    assert "comes out without istio-proxy" in problem


def test_a_sidecar_of_another_size_is_a_problem(healthy):
    fat = Container("istio-proxy", Resources(100, 128 * MI), Resources(2000, 1024 * MI))
    (problem,) = problems(found(healthy, injections={"trading": Injection(Pod("trading", "p", containers=(fat,)))}))
    assert "requests 100m / 128Mi, not 50m / 128Mi" in problem


def test_a_refused_pod_is_a_problem_with_the_api_servers_words(healthy):
    refused = Injection(refusal="exceeded quota: workloads")
    (problem,) = problems(found(healthy, injections={"trading": refused}))
    assert "exceeded quota: workloads" in problem


def test_a_namespace_without_its_label_is_told_to_get_it(healthy):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    namespaces = tuple(replace(one, labels={}) for one in healthy.snapshot.namespaces)
    (problem,) = problems(found(in_cluster(healthy, namespaces=namespaces), injections={"trading": bare}))
    assert "`kubectl label namespace trading istio-injection=enabled --overwrite`" in problem


def test_a_namespace_that_should_follow_a_revision_is_told_to_get_its_label(healthy):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    istio = healthy.settings.istio.model_copy(update={"tags": {"stable": "default"}})
    trading = healthy.settings.trading.model_copy(update={"revision": "stable"})
    settings = healthy.settings.model_copy(update={"istio": istio, "trading": trading})
    (problem,) = problems(
        found(replace(healthy, mesh=replace(healthy.mesh, settings=settings)), injections={"trading": bare})
    )
    assert "`kubectl label namespace trading istio.io/rev=stable istio-injection- --overwrite`" in problem


def test_a_namespace_without_injection_is_well_where_a_pod_gets_no_sidecar():
    off = make_verification(make_mesh(namespaces={"batch": {"injection": False}}))
    assert problems(off) == []


def test_a_sidecar_in_a_namespace_without_injection_is_a_problem():
    off = make_verification(make_mesh(namespaces={"batch": {"injection": False}}))
    surprising = Injection(Pod("batch", "injection-proof", containers=(Container("istio-proxy"),)))
    both = {**off.live.injections, "batch": surprising}
    (problem,) = problems(found(off, injections=both))
    assert "comes out with istio-proxy, and namespaces.batch.injection is false" in problem


@pytest.mark.parametrize("namespaces", [(), (Namespace("trading", {"istio-injection": "enabled"}),)], ids=len)
def test_a_pod_without_its_sidecar_in_a_namespace_with_its_label_is_the_webhooks_problem(healthy, namespaces):
    bare = Injection(Pod("trading", "injection-proof", containers=(Container("app"),)))
    labelled = Namespace("trading", {"istio-injection": "enabled"})
    seen = found(
        in_cluster(healthy, namespaces=(labelled,) if namespaces is None else ()), injections={"trading": bare}
    )
    (problem,) = problems(seen)
    assert ("see the findings of webhooks" in problem) is (namespaces is None)


def check(healthy, **of_pod: object) -> list:
    bare = Pod("trading", "ledger-0", node="pi-1", containers=(Container("app"),), **of_pod)
    return list(sidecar_injection.check_running_pods(in_cluster(healthy, pods=(bare,))))


def test_workloads_without_a_sidecar_are_listed_by_name(healthy):
    (found,) = check(healthy)
    assert (str(found.subject), found.level) == ("pod trading/ledger-0", Level.WARNING)


@pytest.mark.parametrize(
    ("of_pod", "said"),
    [
        ({"owner": "ReplicaSet/ledger"}, "`kubectl delete pod -n trading ledger-0`: ReplicaSet/ledger replaces it"),
        ({}, "create it again"),
        ({"labels": {"sidecar.istio.io/inject": "false"}}, "sidecar.istio.io/inject: false"),
        ({"annotations": {"sidecar.istio.io/inject": "false"}}, "sidecar.istio.io/inject: false"),
    ],
    ids=["with a controller", "without one", "label", "annotation"],
)
def test_what_is_to_be_done_depends_on_who_made_the_pod(healthy, of_pod, said):
    assert said in check(healthy, **of_pod)[0].fix


def test_only_a_pod_that_is_replaced_is_told_to_be_deleted_at_once(healthy):
    assert "kubectl delete" not in check(healthy)[0].fix


@pytest.mark.parametrize(("count", "said"), [(0, "no pods yet"), (1, "the 1 pod has"), (2, "all 2 pods have")])
def test_counts_agree_with_their_nouns(healthy, count, said):
    pods = tuple(Pod("trading", f"a-{n}", containers=(Container("istio-proxy"),)) for n in range(count))
    (found,) = sidecar_injection.check_running_pods(in_cluster(healthy, pods=pods))
    assert found.message.startswith(said)


def test_each_injected_namespace_is_looked_at_and_no_other():
    mesh = make_mesh(namespaces={"research": {}, "batch": {"injection": False}})
    bare = tuple(Pod(name, "app-0", containers=(Container("app"),)) for name in ("trading", "research", "batch"))
    found = sidecar_injection.check_running_pods(in_cluster(make_verification(mesh), pods=bare))
    assert [str(one.subject) for one in found] == ["pod trading/app-0", "pod research/app-0"]
