"""The ConfigMap of the releases that `up` applied."""

from unittest.mock import Mock

import pulumi
import pytest

from components import outputs as component
from components.release import ReleaseArgs, ReleaseComponent
from pi_mesh.cluster import helm_releases, live_objects
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.helm_releases import AppliedRelease
from pi_mesh.inventory import Kind
from pi_mesh.settings.releases import ReleaseSettings
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.recorder import record
from tests.support.versions import NEWEST

MESH = make_mesh()
ISTIOD = MESH.the(Kind.ISTIOD)


class Release(ReleaseComponent):
    """The release of istiod alone."""

    token = "pi-mesh:istio:Istiod"


def applied_at(revision: int) -> AppliedRelease:
    return AppliedRelease(ISTIOD.id, revision, NEWEST, NEWEST, objects=({"kind": "Service", "metadata": {}},))


@pytest.fixture
def left(monkeypatch):
    """Return `left(text)`: the ConfigMap's entry of istiod where one exists; `left.reads`: Helm's Secrets."""
    reads: list[str] = []

    def helm(_client, release):
        reads.append(release.secret)
        return applied_at(release.revision)

    def run(text: str | None, preview: bool = False) -> str:
        there = {ISTIOD.id: text} if text else {}
        monkeypatch.setattr(live_objects, "texts_recorded_by_up", lambda *_: there)
        args = ReleaseArgs(ISTIOD, ReleaseSettings())

        def program() -> None:
            pulumi.export("roots", component.register_record(MESH, [Release(args)], pulumi.ResourceOptions()))

        recording = record(program, preview=preview)
        run.roots = recording.exports["roots"]
        (config_map,) = recording.of_type("kubernetes:core/v1:ConfigMap")
        assert config_map.props["metadata"] == {"name": "pi-mesh-applied", "namespace": "istio-system"}
        return config_map.props["data"]["istio-system_istiod"]

    monkeypatch.setattr(component, "Client", FakeClient({ROOTS: {"data": {"root-cert.pem": "PEM"}}}))
    monkeypatch.setattr(helm_releases, "read", helm)
    run.reads = reads
    return run


def entry(revision: int) -> str:
    return helm_releases.config_map_entry(applied_at(revision), ISTIOD.typed, ISTIOD.extra)


ROOTS = "/api/v1/namespaces/istio-system/configmaps/istio-ca-root-cert"
READ = ["sh.helm.release.v1.istiod.v1"]


@table(
    case("nothing: what Helm records of the revision is left", None, False, entry(1), READ),
    case("the same revision: it stays without a look into Helm's Secrets", entry(1), False, entry(1), []),
    case("another revision: it is renewed", entry(7), False, entry(1), READ),
    case("nothing: a preview reads none of Helm's Secrets", None, True, component.PREVIEWED, []),
    case("another revision: nor does it then", entry(7), True, component.PREVIEWED, []),
)
def test_what_an_earlier_up_left_of_a_release(left, text, preview, content, reads):
    assert (left(text, preview), left.reads, left.roots) == (content, reads, "PEM")


def test_a_cluster_that_does_not_answer_now_fails_no_up(left, monkeypatch):
    monkeypatch.setattr(component, "Client", Mock(side_effect=ClusterUnreachable("no answer")))
    assert left(None) == "not known: no answer"
