"""The order of repair's writes, and its use of the lock."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import psutil
import pytest

from operations import pulumi
from operations.repair import apply, backend_lock, observed_state
from operations.repair.locks import Lock
from operations.repair.observed_state import Situation
from operations.repair.processes import Process
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.release_records import ReleaseRecord
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_snapshot

STUCK = ReleaseRecord("istio-system", "istiod", 1, "pending-install", datetime(2026, 1, 1, tzinfo=UTC))
OPERATION = {"type": "creating", "resource": {"urn": "urn:x::istiod-release", "type": "x:y:Z"}}
STATE = {"version": 3, "deployment": {"resources": [], "pending_operations": [OPERATION]}}


@pytest.fixture
def events(monkeypatch) -> list[str]:
    """Return the actions of repair, in order."""
    seen: list[str] = []

    class Held:
        def confirm(self, _: Situation) -> None:
            seen.append("confirm")

        def give_way(self) -> None:
            seen.append("give way")

    class Writes:
        def __init__(self, _: str) -> None:
            pass

        def forget(self, release: ReleaseRecord) -> None:
            seen.append(f"forget {release.name}")

        def hand_over(self, crd: Crd, _: str) -> None:
            seen.append(f"hand over {crd.name}")

    @contextmanager
    def held(_: Situation):
        seen.append("lock")
        yield Held()
        seen.append("unlock")

    monkeypatch.setattr(backend_lock, "held", held)
    monkeypatch.setattr(apply, "Writes", Writes)
    monkeypatch.setattr(pulumi, "import_", lambda _, state: seen.append(f"import {json.dumps(state)}"))
    return seen


@pytest.fixture
def found(monkeypatch):
    """Return `found(now, later)`: set the observed state, before and after orphans and locks are gone."""

    def put(now: Situation, later: Situation) -> Situation:
        monkeypatch.setattr(observed_state, "read", lambda *_: later)
        return now

    return put


def situation(*releases: ReleaseRecord, **more) -> Situation:
    snapshot = make_snapshot(releases=releases, crds=(Crd("gateways.networking.istio.io"),))
    return Situation(STACK, make_settings(), snapshot, **{"state": STATE, **more})


def test_the_lock_is_confirmed_before_each_write_and_given_up_for_the_import_alone(events, found):
    now = situation(STUCK)
    apply.carry_out(found(now, now), say=lambda _: None)
    *others, imported, end = events
    assert others == [
        "lock",
        *("confirm", "forget istiod"),
        *("confirm", "hand over gateways.networking.istio.io"),
        *("confirm", "give way"),
    ]
    assert '"pending_operations": []' in imported
    assert end == "unlock"


def test_a_lock_of_a_run_that_is_gone_is_removed_and_no_other(events, found, tmp_path):
    files = [tmp_path / "stale.json", tmp_path / "other.json", tmp_path / "stale.json.attrs"]
    for file in files:
        file.write_text("{}")
    now = situation(locks=(Lock(0, "x", "ann", "now", files[0]),))
    done = apply.carry_out(found(now, now), say=lambda _: None)
    assert list(tmp_path.iterdir()) == [files[1]]
    assert done[0].id == "stale lock"
    assert events[0] == "lock"


def test_what_is_under_way_when_the_orphans_are_gone_stops_repair(events, found, monkeypatch):
    monkeypatch.setattr(Process, "end", lambda _: None)
    orphan = Process(psutil.Process(), "pulumi-language-python")
    young = situation(replace(STUCK, since=datetime.now(UTC)))
    said: list[str] = []
    done = apply.carry_out(found(situation(orphans=(orphan,)), young), said.append)
    assert [finding.id for finding in done] == ["orphaned process", "obstacle"]
    assert events == ["lock", "unlock"]
    assert "may still be under way" in said[-1]
