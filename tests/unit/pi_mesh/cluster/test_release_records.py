"""Helm's own record of a release: its content, the age of its status, and a release that may be under way."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.cluster import release_records
from pi_mesh.cluster.release_records import ReleaseRecord, decode

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
    assert release_records.parse(secret()).since == NOON


def test_a_record_that_helm_changed_has_its_status_since_the_change():
    changed = NOON + timedelta(hours=1)
    assert release_records.parse(secret(modifiedAt=str(int(changed.timestamp())))).since == changed


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
