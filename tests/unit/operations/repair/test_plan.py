"""The findings of repair, and the order of its steps."""

import base64
import gzip
import json
import os
import socket
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from operations import pulumi
from operations.failures import Exit
from operations.repair import backend_lock, observed_state, plan, processes
from operations.repair.observed_state import ObservedState
from operations.repair.plan import Act
from operations.repair.processes import Lock, Process
from pi_mesh.checks.lost_ca import LostCa
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Crd, Deployment
from pi_mesh.cluster.snapshot import CRDS, Snapshot
from pi_mesh.inventory import Kind
from pi_mesh.settings import parse_any
from tests.support.factories import make_mesh, make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import STACK, make_snapshot

KNOWN = {"urn": "urn:x::istiod-release", "type": "kubernetes:helm.sh/v3:Release", "id": "istio-system/istiod"}
NOBODY = 2**22 + 1
"""Process id that Linux never gives."""


def situation(releases=(), crds=(), **more) -> ObservedState:
    state = {"version": 3, "deployment": {"resources": []}}
    snapshot = make_snapshot(releases=tuple(releases), crds=tuple(crds))
    return ObservedState(STACK, make_settings(), snapshot, **{"state": state, **more})


def acts(**what) -> list[Act]:
    return [step.act for step in plan.repair_steps(situation(**what))]


def lock(pid: int = NOBODY, host: str = "") -> Lock:
    return Lock(pid, host or socket.gethostname(), "ann", "2026-01-01T00:00:00Z")


def stuck(status: str, name: str = "istiod") -> ReleaseRecord:
    return ReleaseRecord("istio-system", name, 3, status)


def obstacle(now: ObservedState) -> str:
    """Return the obstacle to every repair, in one line; empty where there is none."""
    return str(plan.find_obstacle(now) or "")


def pending_for(seconds: float, **more) -> ObservedState:
    """Return a situation whose istiod has been in its first install for `seconds`."""
    now = situation(releases=[stuck("pending-install")], **more)
    (release,) = now.snapshot.releases
    begun = replace(release, since=now.at - timedelta(seconds=seconds))
    return replace(now, snapshot=replace(now.snapshot, releases=(begun,)))


def creating(name: str = "istiod") -> dict:
    """Return a state in which a run was about to make a release."""
    inputs = {"namespace": "istio-system", "name": name}
    operation = {"type": "creating", "resource": {**KNOWN, "inputs": inputs}}
    return {"version": 3, "deployment": {"resources": [], "pending_operations": [operation]}}


def test_a_healthy_stack_needs_nothing():
    assert acts(releases=[ReleaseRecord("istio-system", "istiod")]) == []


def test_a_lock_of_a_run_that_is_gone_is_cancelled():
    assert acts(locks=(lock(),)) == [Act.UNLOCK]


def test_a_lock_of_another_machine_blocks_every_repair():
    assert "locked from another machine" in obstacle(situation(locks=(lock(host="elsewhere"),)))


def test_a_run_that_is_going_on_blocks_every_repair(monkeypatch):
    monkeypatch.setattr(processes, "is_run", lambda pid: pid == os.getpid())
    assert "a run is going on" in obstacle(situation(locks=(lock(pid=os.getpid()),)))


def test_a_process_that_took_over_the_number_of_a_dead_run_blocks_nothing():
    assert obstacle(situation(locks=(lock(pid=os.getpid()),))) == ""


def test_a_release_younger_than_its_timeout_blocks_every_repair_for_the_rest_of_it():
    now = pending_for(100.5)
    blocked = plan.find_obstacle(now)
    assert blocked
    assert blocked.number == 800
    assert obstacle(now) == (
        "release istio-system/istiod: is pending-install, and may still be under way: "
        "wait for 800 s more (release.timeout); nothing was repaired"
    )


def test_a_release_of_unknown_age_is_taken_for_young():
    assert "wait for 900 s more" in obstacle(situation(releases=[stuck("pending-install")]))


def test_a_release_older_than_its_timeout_blocks_nothing():
    assert obstacle(pending_for(901)) == ""


def test_no_timeout_is_waited_for_where_the_run_that_was_at_the_release_is_over():
    assert obstacle(pending_for(1, state=creating(), run_is_over=True)) == ""


def test_a_run_that_is_over_tells_nothing_of_a_release_that_it_was_not_at():
    assert "wait for 899 s more" in obstacle(pending_for(1, state=creating("istio-base"), run_is_over=True))


def test_a_first_install_that_hangs_is_forgotten():
    assert acts(releases=[stuck("pending-install")]) == [Act.FORGET]


def test_a_first_install_of_an_addon_that_hangs_is_forgotten():
    with_addon = make_settings(observability={"prometheus": {"enabled": True}})
    now = situation(releases=[stuck("pending-install", "prometheus")])
    assert [step.act for step in plan.repair_steps(replace(now, settings=with_addon))] == [Act.FORGET]
    assert list(plan.repair_steps(now)) == []


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_what_hangs_and_is_in_the_state_is_marked_failed_in_both(status):
    assert acts(releases=[stuck(status)], state={"deployment": {"resources": [KNOWN]}}) == [Act.FAIL, Act.STATE]


@pytest.mark.parametrize("status", ["uninstalling", "failed"])
def test_what_an_interrupted_rollback_of_a_first_install_left_is_forgotten(status):
    assert acts(releases=[stuck(status)]) == [Act.FORGET]


def test_a_deployed_release_is_never_touched():
    assert acts(releases=[ReleaseRecord("istio-system", "istiod", 7, "deployed")]) == []


def test_a_stuck_release_of_somebody_else_is_left_alone():
    assert acts(releases=[stuck("pending-install", "cert-manager")]) == []


def test_crds_of_nobody_are_handed_over():
    assert acts(crds=[Crd("gateways.networking.istio.io")]) == [Act.HAND_OVER]


def test_crds_of_a_living_release_are_left_to_it():
    crd = Crd("gateways.networking.istio.io", "mesh/base")
    assert acts(crds=[crd], releases=[ReleaseRecord("mesh", "base")]) == []


def test_orphans_and_locks_come_first():
    orphan = Process(psutil.Process(), "pulumi-resource-kubernetes")
    found = acts(releases=[stuck("pending-install")], orphans=(orphan,), locks=(lock(),))
    assert found == [Act.END, Act.UNLOCK, Act.FORGET]


def test_pending_operations_are_put_right_in_the_state():
    resource = {"urn": "urn:pulumi:test::pi-mesh::x:y:Z::trading", "type": "x:y:Z"}
    state = {"version": 3, "deployment": {"pending_operations": [{"type": "creating", "resource": resource}]}}
    assert acts(state=state) == [Act.STATE]


def test_a_failure_that_the_state_forgot_is_put_right_there():
    assert acts(releases=[stuck("failed")], state={"deployment": {"resources": [KNOWN]}}) == [Act.STATE]


def test_locks_are_read_from_the_file_backend(tmp_path):
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "pi-mesh" / "test"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text('{"pid": 7, "username": "ann", "hostname": "pi-1", "timestamp": "now"}')
    assert processes.read_locks(f"file://{tmp_path}", "test") == [Lock(7, "pi-1", "ann", "now")]


@pytest.mark.row(25)
@pytest.mark.parametrize(("name", "content"), [("one.json", '{"pid": 7,'), ("one.json.18ead.tmp", "")])
def test_a_lock_cut_off_by_a_power_loss_or_a_full_disk_belongs_to_nobody(tmp_path, name, content):
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "pi-mesh" / "test"
    folder.mkdir(parents=True)
    (folder / name).write_text(content)
    (found,) = processes.read_locks(f"file://{tmp_path}", "test")
    assert found.here
    assert not found.alive


def test_the_locks_of_a_backend_elsewhere_are_said_to_be_unknown():
    assert not processes.is_examinable("https://app.pulumi.com")


@pytest.mark.parametrize("known", [False, True], ids=["install", "upgrade"])
@pytest.mark.parametrize("backend", ["s3://mesh-state", "https://api.pulumi.com"])
def test_a_run_that_may_still_be_going_on_is_not_repaired(backend, known):
    resources, operations = ([KNOWN], []) if known else ([], [{"type": "creating", "resource": KNOWN}])
    now = situation(
        releases=[stuck("pending-upgrade" if known else "pending-install")],
        state={"deployment": {"resources": resources, "pending_operations": operations}},
        locks=tuple(processes.read_locks(backend, STACK)),
        locks_known=processes.is_examinable(backend),
    )
    assert plan.find_obstacle(now) or plan.repair_steps(now) == []


def test_crds_of_somebody_elses_living_istio_are_not_handed_over():
    crds = (Crd("gateways.networking.istio.io"), Crd("virtualservices.networking.istio.io"))
    alive = (Deployment("istio-system", "istiod", {"app": "istiod"}),)
    snapshot = make_snapshot(crds=crds, deployments=alive)
    assert plan.repair_steps(ObservedState(STACK, make_settings(), snapshot, {"deployment": {}})) == []


def test_crds_are_not_handed_over_where_it_is_not_known_whether_another_istio_lives():
    crds, unreadable = (Crd("gateways.networking.istio.io"),), ("deployments",)
    snapshot = make_snapshot(crds=crds, unreadable=unreadable)
    assert plan.repair_steps(ObservedState(STACK, make_settings(), snapshot, {"deployment": {}})) == []


def test_pending_operations_are_said_to_be_normal_where_a_run_may_be_going_on():
    (step,) = plan.repair_steps(situation(state=creating(), locks_known=False))
    assert "normal while a run is active" in step.problem


def test_locks_of_a_state_without_project_folders_are_found(tmp_path):
    folder = tmp_path / ".pulumi"
    (folder / "stacks").mkdir(parents=True)
    (folder / "stacks" / "test.json").write_text("{}")
    assert processes.lock_folder(f"file://{tmp_path}", "test") == folder / "locks" / "test"


def test_a_ca_that_vault_has_lost_is_taken_out_of_the_state_last():
    lost = LostCa("pki_int", "nothing is mounted there", has_mount=False)
    steps = plan.repair_steps(situation(releases=[stuck("pending-upgrade")], lost_ca=lost))
    assert [step.act for step in steps][-1] is Act.FORGET_CA
    assert "nothing is mounted there" in steps[-1].problem


def test_of_a_stack_that_makes_the_ca_alone_no_cluster_is_asked_for():
    vault = {"enabled": True, "address": "https://vault.example:8200"}
    now = replace(situation(), settings=parse_any({"vault": vault}), snapshot=Snapshot())
    assert plan.repair_steps(now) == []
    assert now.context == ""


STUCK = ReleaseRecord("istio-system", "istiod", 2, "pending-upgrade")


def packed(content: dict) -> str:
    """Return a release as Helm stores it."""
    return base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()


SECRET = "/api/v1/namespaces/istio-system/secrets/sh.helm.release.v1.istiod.v2"


class Cluster:
    """A cluster with one Secret, or none."""

    def __init__(self, status: str | None) -> None:
        self.status = status
        self.wrote: list[tuple] = []

    def get(self, _: str) -> dict | None:
        if self.status is None:
            return None
        metadata = {"labels": {"status": self.status}} if self.status else {}
        return {"metadata": metadata, "data": {"release": packed({"name": "istiod", "info": {"status": "x"}})}}

    def delete(self, path: str) -> None:
        self.wrote.append(("delete", path))

    def patch(self, path: str, body: dict) -> None:
        self.wrote.append((path, body))


def test_a_stuck_revision_is_forgotten_by_deleting_its_secret():
    cluster = Cluster("pending-upgrade")
    plan.forget_revision(cluster, STUCK)
    assert cluster.wrote == [("delete", SECRET)]


def test_a_stuck_revision_is_marked_as_failed_in_its_label_and_in_its_content():
    cluster = Cluster("pending-upgrade")
    plan.fail_revision(cluster, STUCK)
    ((path, patch),) = cluster.wrote
    assert path == SECRET
    assert patch["metadata"] == {"labels": {"status": "failed"}}
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(patch["data"]["release"]))))
    assert content == {
        "name": "istiod",
        "info": {"status": "failed", "description": "interrupted, marked by repair"},
    }


@pytest.mark.parametrize(
    ("status", "said"),
    [("deployed", "is deployed by now"), ("failed", "is failed by now"), ("", "is None by now"), (None, "not found")],
)
@pytest.mark.parametrize("write", [plan.forget_revision, plan.fail_revision])
def test_a_revision_that_is_not_stuck_any_more_stays_as_it_is(status, said, write):
    cluster = Cluster(status)
    with pytest.raises(plan.StillDeployedError) as refused:
        write(cluster, STUCK)
    assert said in str(refused.value.finding)
    assert refused.value.status is Exit.PROBLEMS
    assert cluster.wrote == []


def test_a_deployed_release_is_never_taken_for_a_stuck_one():
    cluster = Cluster("deployed")
    with pytest.raises(plan.StillDeployedError):
        plan.forget_revision(cluster, ReleaseRecord("istio-system", "istiod", 2, "deployed"))
    assert cluster.wrote == []


def test_a_crd_is_handed_over_by_its_label_and_annotations_alone():
    cluster = Cluster(None)
    plan.hand_over_crd(cluster, Crd("gateways.networking.istio.io"), make_mesh().the(Kind.BASE))
    meta = {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {
            "meta.helm.sh/release-name": "istio-base",
            "meta.helm.sh/release-namespace": "istio-system",
        },
    }
    assert cluster.wrote == [(f"{CRDS}/gateways.networking.istio.io", {"metadata": meta})]


STUCK_OF_APPLY = ReleaseRecord("istio-system", "istiod", 1, "pending-install", datetime(2026, 1, 1, tzinfo=UTC))
OPERATION = {"type": "creating", "resource": {"urn": "urn:x::istiod-release", "type": "x:y:Z"}}
STATE = {"version": 3, "deployment": {"resources": [], "pending_operations": [OPERATION]}}


@pytest.fixture
def events(monkeypatch) -> list[str]:
    """Return the actions of repair, in order."""
    seen: list[str] = []

    class Held:
        def confirm(self, _: ObservedState) -> None:
            seen.append("confirm")

        def give_way(self) -> None:
            seen.append("give way")

    @contextmanager
    def held(_: ObservedState):
        seen.append("lock")
        yield Held()
        seen.append("unlock")

    monkeypatch.setattr(backend_lock, "held_lock", held)
    monkeypatch.setattr(plan, "Client", FakeClient())
    monkeypatch.setattr(plan, "forget_revision", lambda _, release: seen.append(f"forget {release.name}"))
    monkeypatch.setattr(plan, "hand_over_crd", lambda _, crd, __: seen.append(f"hand over {crd.name}"))
    monkeypatch.setattr(pulumi, "import_", lambda _, state: seen.append(f"import {json.dumps(state)}"))
    return seen


@pytest.fixture
def found(monkeypatch):
    """Return `found(now, later)`: set the observed state, before and after orphans and locks are gone."""

    def put(now: ObservedState, later: ObservedState) -> ObservedState:
        monkeypatch.setattr(observed_state, "read", lambda *_: later)
        return now

    return put


def situation_of_apply(*releases: ReleaseRecord, **more) -> ObservedState:
    snapshot = make_snapshot(releases=releases, crds=(Crd("gateways.networking.istio.io"),))
    return ObservedState(STACK, make_settings(), snapshot, **{"state": STATE, **more})


def test_the_lock_is_confirmed_before_each_write_and_given_up_for_the_import_alone(events, found):
    now = situation_of_apply(STUCK_OF_APPLY)
    plan.carry_out(found(now, now), say=lambda _: None)
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
    now = situation_of_apply(locks=(Lock(0, "x", "ann", "now", files[0]),))
    done = plan.carry_out(found(now, now), say=lambda _: None)
    assert list(tmp_path.iterdir()) == [files[1]]
    assert done[0].id == "stale lock"
    assert events[0] == "lock"


def test_what_is_under_way_when_the_orphans_are_gone_stops_repair(events, found, monkeypatch):
    monkeypatch.setattr(Process, "end", lambda _: None)
    orphan = Process(psutil.Process(), "pulumi-language-python")
    young = situation_of_apply(replace(STUCK_OF_APPLY, since=datetime.now(UTC)))
    said: list[str] = []
    done = plan.carry_out(found(situation_of_apply(orphans=(orphan,)), young), said.append)
    assert [finding.id for finding in done] == ["orphaned process", "obstacle"]
    assert events == ["lock", "unlock"]
    assert "may still be under way" in said[-1]
