"""The records of applied releases: Helm's own, and the one for accounts that may read no Secret."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.checks.verify.diff import differences
from pi_mesh.cluster import helm_releases
from pi_mesh.cluster.helm_releases import AppliedRelease, ReleaseRecord
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table

LONG = "text of a template " * 100
CONFIG = {"kind": "ConfigMap", "metadata": {"name": "injector"}, "data": {"config": LONG}}
SECRET = {"kind": "Secret", "metadata": {"name": "grafana"}, "data": {"admin-password": "c2VjcmV0"}}
ID = "istio-system/istiod"
HUB = {"global": {"hub": "docker.io/istio"}}
EXTRA = {"password": "hunter2"}
RELEASE = AppliedRelease(ID, 3, "1.2.3", "1.2.3", objects=(CONFIG, SECRET))
TEXT = helm_releases.config_map_entry(RELEASE, HUB, EXTRA)
MANIFEST = """---
kind: Service
metadata: {name: istiod}
---
# nothing
---
kind: CustomResourceDefinition
metadata: {name: sidecars.networking.istio.io}
"""
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def kept() -> AppliedRelease:
    return helm_releases.parse_entry(ID, TEXT)  # pyright: ignore[reportReturnType]


def test_it_is_read_back_and_nothing_secret_is_in_it():
    assert (kept().revision, kept().chart_version, kept().values) == (3, "1.2.3", HUB)
    assert ([item["kind"] for item in kept().objects], kept().omitted) == (["ConfigMap"], ("grafana",))
    assert b"hunter2" not in gzip.decompress(base64.b64decode(TEXT))


def test_the_same_release_gives_the_same_text_and_an_extra_value_another_digest():
    assert helm_releases.config_map_entry(RELEASE, HUB, EXTRA) == TEXT
    assert kept().extra == helm_releases.digest(ID, EXTRA)
    assert kept().extra != helm_releases.digest(ID, {"password": "hunter3"})


def test_an_entry_of_an_earlier_version_whose_objects_alone_were_packed_is_read_too():
    content = json.loads(gzip.decompress(base64.b64decode(TEXT)))
    objects = base64.b64encode(gzip.compress(json.dumps(content["objects"]).encode())).decode()
    assert helm_releases.parse_entry(ID, json.dumps({**content, "objects": objects})) == kept()


@pytest.mark.parametrize(("text", "count"), [(LONG, 0), (f"{LONG}!", 1)])
def test_a_long_text_is_compared_by_its_digest(text, count):
    assert len(TEXT) < len(LONG)
    assert len(list(differences(kept().objects[0], {**CONFIG, "data": {"config": text}}))) == count


@pytest.mark.parametrize("text", ["", "not known before `up`", "{}", '{"revision": 1}', "[]"])
def test_what_up_did_not_write_is_not_taken_for_it(text):
    assert helm_releases.parse_entry(ID, text) is None


def test_helms_record_has_the_rendered_objects_without_crds_the_values_and_the_versions_of_the_chart():
    chart = {"metadata": {"version": "1.2.3", "appVersion": "1.2"}}
    content = json.dumps({"manifest": MANIFEST, "config": {"a": 1}, "chart": chart}).encode()
    encoded = base64.b64encode(base64.b64encode(gzip.compress(content))).decode()
    record = ReleaseRecord("istio-system", "istiod", 3)
    applied = helm_releases.read(FakeClient({record.path: {"data": {"release": encoded}}}), record)
    assert applied.objects == ({"kind": "Service", "metadata": {"name": "istiod"}},)
    assert (applied.release, applied.revision, applied.values) == (ID, 3, {"a": 1})
    assert (applied.chart_version, applied.app_version) == ("1.2.3", "1.2")
    assert helm_releases.read(FakeClient({record.path: None}), record) is None


@pytest.mark.parametrize(("modified", "since"), [({}, NOON), ({"modifiedAt": f"{LATER.timestamp():.0f}"}, LATER)])
def test_a_record_has_its_status_since_it_was_created_or_changed(modified, since):
    labels = {"name": "istiod", "version": "3", "status": "pending-upgrade", "owner": "helm", **modified}
    metadata = {"namespace": "mesh", "labels": labels, "creationTimestamp": "2026-01-01T12:00:00Z"}
    assert helm_releases.parse_record({"metadata": metadata}).since == since


@table(
    ("pending-install", 0, 300),
    ("pending-upgrade", 299.5, 1),
    ("pending-rollback", 300, 0),
    ("uninstalling", -60, 360),
    ("deployed", 0, 0),
    ("failed", 0, 0),
)
def test_a_pending_release_may_be_under_way_until_its_timeout_is_over(status, age, seconds):
    record = ReleaseRecord("mesh", "istiod", 3, status, NOON)
    assert record.under_way(300, NOON + timedelta(seconds=age)) == seconds


@table(
    case("what changes", {"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 1}}, {"a": {"b": 2}}),
    case("what only the old manifest has goes", {"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}, {"a": {}}),
    case("what others added stays", {"a": {}}, {"a": {}}, {"a": {"b": 1}, "c": 2}, {"a": {"b": 1}, "c": 2}),
    case("what is new", {}, {"a": {"b": 1}}, {}, {"a": {"b": 1}}),
    case("a list is the new one", {"a": [1]}, {"a": [2]}, {"a": [1, 3]}, {"a": [2]}),
)
def test_an_upgrade_merges_three_sides_as_helm_does(before, after, live, result):
    assert helm_releases.merged(before, after, live) == result
