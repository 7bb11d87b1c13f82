"""The verification's findings about workloads without a sidecar."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import workloads
from pi_mesh.cluster.pods import Container, Pod
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification


def check(healthy, **of_pod: object) -> list:
    bare = Pod("trading", "ledger-0", node="pi-1", containers=(Container("app"),), **of_pod)
    return list(workloads.check(in_cluster(healthy, pods=(bare,))))


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
    (found,) = workloads.check(in_cluster(healthy, pods=pods))
    assert found.message.startswith(said)


def test_each_injected_namespace_is_looked_at_and_no_other():
    mesh = make_mesh(namespaces={"research": {}, "batch": {"injection": False}})
    bare = tuple(Pod(name, "app-0", containers=(Container("app"),)) for name in ("trading", "research", "batch"))
    found = workloads.check(in_cluster(make_verification(mesh), pods=bare))
    assert [str(one.subject) for one in found] == ["pod trading/app-0", "pod research/app-0"]
