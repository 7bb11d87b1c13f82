"""The program's own revision tags, beside those that the real chart renders."""

from dataclasses import replace

import pytest

from pi_mesh.inventory import Kind
from pi_mesh.values import extra
from tests.support import charts
from tests.support.factories import make_mesh, make_settings

CANARY = {"version": "1.31.0", "revision": "next"}


@pytest.mark.parametrize(("revision", "service"), [("default", "istiod"), ("next", "istiod-next")])
def test_a_tag_calls_the_istiod_of_its_revision(revision, service):
    (tag,) = make_mesh(istio={"canary": CANARY, "tags": {"stable": revision}}).objects_of("revision-tag")
    assert {hook["clientConfig"]["service"]["name"] for hook in tag.manifest["webhooks"]} == {service}
    # By this label istiod finds the configurations whose CA bundle it writes.
    assert tag.manifest["metadata"]["labels"]["istio.io/rev"] == revision


@pytest.mark.parametrize("version", charts.each())
def test_its_webhooks_are_those_of_the_charts_own(version):
    canary = {"version": version, "revision": "next"}
    mesh = make_mesh(istio={"version": version, "canary": canary, "tags": {"stable": "next"}})
    (ours,) = mesh.objects_of("revision-tag")
    second = mesh.the(Kind.CANARY)
    tagged = replace(second, typed=extra.merge(second.typed, {"revisionTags": ["stable"]}))
    (theirs,) = (item for item in charts.render(tagged) if item["metadata"]["name"] == ours.name)
    assert ours.manifest["webhooks"] == theirs["webhooks"]


def test_without_tags_there_are_no_objects():
    assert make_settings().istio.tags == {}
    assert make_mesh().objects_of("revision-tag") == ()
