"""The objects of every mesh, and of its namespaces of workloads."""

from pi_mesh.names import OWNER_ANNOTATION
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values import objects
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import case, table
from tests.support.versions import NEWEST

STACK = "me/pi-mesh/pi-cluster"


def research(**settings: object) -> tuple[Settings, WorkloadNamespace]:
    mesh = make_settings(istio={"tags": {"stable": "default"}, "adopt": True}, namespaces={"research": settings})
    return mesh, mesh.workload_namespaces[1]


def test_an_adopted_namespace_gets_no_mark_of_ownership():
    mesh = make_mesh(istio={"adopt": True}, namespaces={"research": {"adopt": True}})
    adopted = [item.manifest["metadata"]["annotations"] for item in mesh.namespaces if item.adopted]
    assert [OWNER_ANNOTATION in marks for marks in adopted] == [False, False]


@table(
    ({"injection": False}, {"istio-injection": "disabled"}),
    case("a revision takes the label's place", {"revision": "stable"}, {"istio.io/rev": "stable"}),
)
def test_a_namespace_says_if_its_pods_get_sidecars(settings, label):
    assert objects.workload_namespace(research(**settings)[1], STACK)["metadata"]["labels"] == label


def test_a_namespace_without_sidecars_has_no_scope_for_them_and_counts_none_in_its_quota():
    limits, quota = objects.bounds(*research(injection=False, workloads=2))
    assert (limits["kind"], quota["kind"]) == ("LimitRange", "ResourceQuota")
    cpu, memory = {"requests.cpu": "100m", "limits.cpu": "1"}, {"requests.memory": "256Mi", "limits.memory": "512Mi"}
    assert quota["spec"]["hard"] == {"pods": "2", **cpu, **memory}


def test_a_containers_largest_limits_are_in_the_limit_range():
    most = {"cpu": "1", "memory": "1Gi"}
    (entry,) = objects.limit_range(research(bounds={"max": most})[1])["spec"]["limits"]
    assert entry["max"] == most


@table(("default", "istiod"), ("next", "istiod-next"))
def test_a_tag_calls_the_istiod_of_its_revision(revision, service):
    istio = {"canary": {"version": NEWEST, "revision": "next"}, "tags": {"stable": revision}}
    (tag,) = make_mesh(istio=istio).objects_of("revision-tag")
    assert {hook["clientConfig"]["service"]["name"] for hook in tag.manifest["webhooks"]} == {service}
    # By this label istiod finds the configurations whose CA bundle it writes.
    assert tag.manifest["metadata"]["labels"]["istio.io/rev"] == revision
