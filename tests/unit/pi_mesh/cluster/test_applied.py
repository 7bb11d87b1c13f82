"""The record of an applied release, for accounts that may read no Secret."""

import json

import pytest

from pi_mesh.checks.verify.differences import differences
from pi_mesh.cluster import applied
from pi_mesh.cluster.applied import AppliedRelease

LONG = "text of a template " * 100
CONFIG = {"kind": "ConfigMap", "metadata": {"name": "injector"}, "data": {"config": LONG}}
SECRET = {"kind": "Secret", "metadata": {"name": "grafana"}, "data": {"admin-password": "c2VjcmV0"}}
RELEASE = AppliedRelease("istio-system/istiod", 3, "1.31.0", "1.31.0", objects=(CONFIG, SECRET))
TEXT = applied.entry(RELEASE, {"global": {"hub": "docker.io/istio"}}, {"password": "hunter2"})


def test_it_is_read_back():
    left = applied.parse("istio-system/istiod", TEXT)
    assert left
    assert (left.revision, left.chart_version, left.values) == (3, "1.31.0", {"global": {"hub": "docker.io/istio"}})


def test_the_same_release_gives_the_same_text():
    assert applied.entry(RELEASE, {"global": {"hub": "docker.io/istio"}}, {"password": "hunter2"}) == TEXT


def test_nothing_secret_is_in_it():
    left = applied.parse("istio-system/istiod", TEXT)
    assert left
    assert [one["kind"] for one in left.objects] == ["ConfigMap"]
    assert "hunter2" not in TEXT
    assert left.omitted == ("grafana",)


def test_a_change_of_an_extra_value_is_told_by_the_digest():
    assert json.loads(TEXT)["extra"] == applied.digest("istio-system/istiod", {"password": "hunter2"})
    assert json.loads(TEXT)["extra"] != applied.digest("istio-system/istiod", {"password": "hunter3"})


@pytest.mark.parametrize(("text", "count"), [(LONG, 0), (f"{LONG}!", 1)])
def test_a_long_text_is_compared_by_its_digest(text, count):
    left = applied.parse("istio-system/istiod", TEXT)
    assert left
    assert len(TEXT) < len(LONG)
    assert len(list(differences(left.objects[0], {**CONFIG, "data": {"config": text}}))) == count


@pytest.mark.parametrize("text", ["", "not known before `up`", "{}", '{"revision": 1}', "[]"])
def test_what_up_did_not_write_is_not_taken_for_it(text):
    assert applied.parse("istio-system/istiod", text) is None
