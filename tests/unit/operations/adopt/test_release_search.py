"""The place of each release of the cluster in the mesh, whatever its name."""

import pytest

from pi_mesh.cluster import release_records
from operations.adopt import release_search
from tests.support.factories import make_settings
from tests.support.helm_mesh import deployment, living, record_of
from tests.support.snapshots import make_snapshot

RECORDS = (("istiod", "deployed"), ("old", "uninstalled"), ("broken", "failed"))
OTHERS = (
    living("mesh-crds", "base"),
    living("mesh", "istiod"),
    living("edge", "gateway"),
    living("mesh-egress", "gateway"),
    living("grafana", "grafana"),
)


def test_releases_under_the_expected_names_are_found():
    named = [living("istio-base", "base"), living("istiod", "istiod"), living("istio-ingressgateway", "gateway")]
    found = release_search.names(make_settings(), named)
    assert found == {"base": "istio-base", "istiod": "istiod", "ingress": "istio-ingressgateway"}


def test_releases_under_other_names_are_found_by_their_charts():
    found = release_search.names(make_settings(), OTHERS)
    assert found == {"base": "mesh-crds", "istiod": "mesh", "ingress": "edge", "egress": "mesh-egress"}


def test_a_release_of_another_namespace_is_none_of_the_mesh():
    elsewhere = [record_of(living("mesh", "istiod"), namespace="elsewhere")]
    assert release_search.names(make_settings(), elsewhere) == {}


def test_a_second_gateway_beside_the_expected_one_stays_nobodys():
    gateways = [living("istio-ingressgateway", "gateway"), living("partners", "gateway")]
    assert release_search.names(make_settings(), gateways) == {"ingress": "istio-ingressgateway"}
    assert not [*release_search.ambiguities(make_settings(), gateways)]


def test_of_two_gateways_of_unknown_use_the_owner_says_which():
    gateways = [living("east", "gateway"), living("west", "gateway")]
    (problem,) = release_search.ambiguities(make_settings(), gateways)
    assert problem.name == "releases.names.ingress"
    assert "east, west" in problem.message
    assert "pulumi config set --path releases.names.ingress NAME" in problem.fix


@pytest.mark.parametrize(
    ("deployments", "values", "said"),
    [
        ([deployment(), deployment("istiod-canary", release="canary")], {}, "are 2 control planes"),
        ([deployment(), deployment(namespace="other")], {}, "istio-system/istiod, other/istiod are 2 control planes"),
        ([deployment(namespace="mesh")], {}, "is in another namespace than istio.namespace istio-system"),
        ([deployment("istiod-1-20")], {"revision": "1-20"}, "is of revision 1-20"),
    ],
    ids=["two", "two namespaces", "elsewhere", "revision"],
)
def test_a_control_plane_that_can_not_be_adopted_is_one_line(deployments, values, said):
    snapshot = make_snapshot(deployments=tuple(deployments))
    (problem,) = release_search.control_planes(make_settings(), snapshot, [living("istiod", "istiod", values)])
    assert said in problem.message
    assert problem.fix
    assert "uninstall --purge" not in problem.fix


def test_the_one_istiod_of_a_release_in_the_meshs_namespace_is_no_problem():
    snapshot = make_snapshot(deployments=(deployment(),))
    assert not [*release_search.control_planes(make_settings(), snapshot, [living("istiod", "istiod")])]


def test_every_release_is_read_but_those_that_are_gone_or_that_nobody_can_read(monkeypatch):
    kept, gone, unread = (living(name, "istiod", status=status) for name, status in RECORDS)
    asked = {kept.record: kept.applied, gone.record: gone.applied, unread.record: None}
    monkeypatch.setattr(release_records, "read", lambda _, record: asked[record])
    snapshot = make_snapshot(releases=tuple(asked))
    assert release_search.read(None, snapshot) == (kept,)
