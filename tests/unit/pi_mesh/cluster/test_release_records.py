"""When a release came into its status, and how long it may still be somebody's work."""

from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.cluster import release_records
from pi_mesh.cluster.release_records import ReleaseRecord

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
