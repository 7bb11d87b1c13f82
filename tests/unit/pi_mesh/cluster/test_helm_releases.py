"""The record of an applied release, for accounts that may read no Secret."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.checks.verify.diff import differences
from pi_mesh.cluster import helm_releases
from pi_mesh.cluster.helm_releases import AppliedRelease, ReleaseRecord, decode

LONG = "text of a template " * 100
CONFIG = {"kind": "ConfigMap", "metadata": {"name": "injector"}, "data": {"config": LONG}}
SECRET = {"kind": "Secret", "metadata": {"name": "grafana"}, "data": {"admin-password": "c2VjcmV0"}}
RELEASE = AppliedRelease("istio-system/istiod", 3, "1.31.0", "1.31.0", objects=(CONFIG, SECRET))
TEXT = helm_releases.config_map_entry(RELEASE, {"global": {"hub": "docker.io/istio"}}, {"password": "hunter2"})


def test_it_is_read_back():
    left = helm_releases.parse_entry("istio-system/istiod", TEXT)
    assert left
    assert (left.revision, left.chart_version, left.values) == (3, "1.31.0", {"global": {"hub": "docker.io/istio"}})


def test_the_same_release_gives_the_same_text():
    assert (
        helm_releases.config_map_entry(RELEASE, {"global": {"hub": "docker.io/istio"}}, {"password": "hunter2"}) == TEXT
    )


def test_nothing_secret_is_in_it():
    left = helm_releases.parse_entry("istio-system/istiod", TEXT)
    assert left
    assert [one["kind"] for one in left.objects] == ["ConfigMap"]
    assert "hunter2" not in TEXT
    assert left.omitted == ("grafana",)


def test_a_change_of_an_extra_value_is_told_by_the_digest():
    assert json.loads(TEXT)["extra"] == helm_releases.digest("istio-system/istiod", {"password": "hunter2"})
    assert json.loads(TEXT)["extra"] != helm_releases.digest("istio-system/istiod", {"password": "hunter3"})


@pytest.mark.parametrize(("text", "count"), [(LONG, 0), (f"{LONG}!", 1)])
def test_a_long_text_is_compared_by_its_digest(text, count):
    left = helm_releases.parse_entry("istio-system/istiod", TEXT)
    assert left
    assert len(TEXT) < len(LONG)
    assert len(list(differences(left.objects[0], {**CONFIG, "data": {"config": text}}))) == count


@pytest.mark.parametrize("text", ["", "not known before `up`", "{}", '{"revision": 1}', "[]"])
def test_what_up_did_not_write_is_not_taken_for_it(text):
    assert helm_releases.parse_entry("istio-system/istiod", text) is None


MANIFEST = """---
kind: Service
metadata: {name: istiod}
---
# nothing
---
kind: CustomResourceDefinition
metadata: {name: sidecars.networking.istio.io}
"""
CONTENT = {"manifest": MANIFEST, "config": {"a": 1}, "chart": {"metadata": {"version": "1.31.0", "appVersion": "1.31"}}}
ENCODED = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(CONTENT).encode()))).decode()
APPLIED = decode(ReleaseRecord("istio-system", "istiod", 3), ENCODED)


def test_it_has_the_rendered_objects_without_crds():
    assert APPLIED.objects == ({"kind": "Service", "metadata": {"name": "istiod"}},)


def test_it_has_the_values_and_the_versions_of_the_chart():
    assert (APPLIED.release, APPLIED.revision, APPLIED.values) == ("istio-system/istiod", 3, {"a": 1})
    assert (APPLIED.chart_version, APPLIED.app_version) == ("1.31.0", "1.31")


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def secret(**more: str) -> dict:
    labels = {"name": "istiod", "version": "3", "status": "pending-upgrade", "owner": "helm", **more}
    return {"metadata": {"namespace": "mesh", "labels": labels, "creationTimestamp": "2026-01-01T12:00:00Z"}}


def test_a_record_that_helm_wrote_once_has_its_status_since_it_was_created():
    assert helm_releases.parse_record(secret()).since == NOON


def test_a_record_that_helm_changed_has_its_status_since_the_change():
    changed = NOON + timedelta(hours=1)
    assert helm_releases.parse_record(secret(modifiedAt=str(int(changed.timestamp())))).since == changed


@pytest.mark.parametrize(
    ("status", "age", "seconds"),
    [
        ("pending-install", 0, 300),
        ("pending-upgrade", 299.5, 1),
        ("pending-rollback", 300, 0),
        ("uninstalling", -60, 360),
        ("deployed", 0, 0),
        ("failed", 0, 0),
    ],
)
def test_a_pending_release_may_be_under_way_until_its_timeout_is_over(status, age, seconds):
    record = ReleaseRecord("mesh", "istiod", 3, status, NOON)
    assert record.under_way(300, NOON + timedelta(seconds=age)) == seconds
