"""The findings of repair, the order of its steps, and its writes."""

import base64
import gzip
import json
import os
import socket
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import psutil
import pytest

from operations import pulumi
from operations.failures import Exit, ProblemError
from operations.repair import backend_lock, observed_state, plan, processes
from operations.repair.observed_state import ObservedState
from operations.repair.plan import Act
from operations.repair.processes import Lock, Process
from pi_mesh.checks.root_trust import LostCa
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.live_objects import Pair
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.snapshot import CRDS, Snapshot
from pi_mesh.inventory import Kind
from pi_mesh.settings import parse_any
from tests.support.factories import STACK, make_mesh, make_settings
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import deployment, state_with
from tests.support.snapshots import make_snapshot

KNOWN = {"urn": "urn:x::istiod-release", "type": "kubernetes:helm.sh/v3:Release", "id": "istio-system/istiod"}
NOBODY = 2**22 + 1
"""Process id that Linux never gives."""
CRD = Crd("gateways.networking.istio.io")
ALIVE = deployment(release="")
PROMETHEUS = make_settings(observability={"prometheus": {"enabled": True}})
CA_ALONE = parse_any({"vault": {"enabled": True, "address": "https://vault.example:8200"}})
ORPHAN = Process(psutil.Process(), "pulumi-resource-kubernetes")
SECRET = "/api/v1/namespaces/istio-system/secrets/sh.helm.release.v1.istiod.v3"


def creating(name: str = "istiod") -> dict:
    """Return a state in which a run was about to make a release."""
    return state_with(creating={**KNOWN, "inputs": {"namespace": "istio-system", "name": name}})


def situation(*releases: ReleaseRecord, state: dict | None = None, snapshot: dict | None = None, **more):
    cluster = make_snapshot(releases=releases, **(snapshot or {}))
    return ObservedState(STACK, more.pop("settings", make_settings()), cluster, state or state_with(), **more)


def lock(pid: int = NOBODY, host: str = "") -> Lock:
    return Lock(pid, host or socket.gethostname(), "ann", "2026-01-01T00:00:00Z")


def record(status: str, name: str = "istiod", revision: int = 3) -> ReleaseRecord:
    return ReleaseRecord("istio-system", name, revision, status)


INSTALL, UPGRADE = record("pending-install"), record("pending-upgrade")


def pending_for(seconds: float, **more) -> ObservedState:
    """Return a situation whose istiod has been in its first install for `seconds`."""
    now = situation(**more)
    begun = replace(INSTALL, since=now.at - timedelta(seconds=seconds))
    return replace(now, snapshot=replace(now.snapshot, releases=(begun,)))


@pytest.mark.parametrize(("now", "acts"), [
    pytest.param(situation(ReleaseRecord("istio-system", "istiod")), [], id="a healthy stack"),
    pytest.param(situation(record("deployed")), [], id="a deployed release is never touched"),
    pytest.param(situation(locks=(lock(),)), [Act.UNLOCK], id="a lock of a run that is gone is cancelled"),
    pytest.param(situation(INSTALL), [Act.FORGET], id="a first install that hangs is forgotten"),
    pytest.param(situation(record("uninstalling")), [Act.FORGET], id="an interrupted rollback of a first install"),
    pytest.param(situation(record("failed")), [Act.FORGET], id="a failed first install"),
    pytest.param(situation(record("pending-install", "cert-manager")), [], id="a stuck release of somebody else"),
    pytest.param(situation(record("pending-install", "prometheus")), [], id="an addon that the settings do not have"),
    pytest.param(situation(record("pending-install", "prometheus"), settings=PROMETHEUS), [Act.FORGET],
                 id="a first install of an addon that hangs"),
    pytest.param(replace(situation(settings=CA_ALONE), snapshot=Snapshot()), [], id="a stack that makes the ca alone"),
    *(pytest.param(situation(record(status), state=state_with(KNOWN)), [Act.FAIL, Act.STATE], id=f"known, {status}")
      for status in ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")),
    pytest.param(situation(record("failed"), state=state_with(KNOWN)), [Act.STATE], id="the state forgot a failure"),
    pytest.param(situation(state=state_with(creating={**KNOWN, "type": "x:y:Z"})), [Act.STATE], id="work"),
    pytest.param(situation(INSTALL, orphans=(ORPHAN,), locks=(lock(),)), [Act.END, Act.UNLOCK, Act.FORGET],
                 id="orphans and locks come first"),
    pytest.param(situation(snapshot={"crds": (CRD,)}), [Act.HAND_OVER], id="CRDs of nobody are handed over"),
    pytest.param(situation(ReleaseRecord("mesh", "base"), snapshot={"crds": (replace(CRD, release="mesh/base"),)}), [],
                 id="CRDs of a living release are left to it"),
    pytest.param(situation(snapshot={"crds": (CRD,), "deployments": (ALIVE,)}), [], id="CRDs of another living istio"),
    pytest.param(situation(snapshot={"crds": (CRD,), "unreadable": ("deployments",)}), [], id="who knows?"),
    pytest.param(situation(UPGRADE, lost_ca=LostCa("pki_int", "nothing", has_mount=False)), [Act.FORGET, Act.FORGET_CA],
                 id="a ca that vault has lost is taken out of the state last"),
])  # fmt: skip
def test_each_trace_of_a_killed_run_has_its_step(now, acts):
    assert [step.act for step in plan.repair_steps(now)] == acts


@pytest.mark.parametrize(("now", "obstacle"), [
    pytest.param(situation(locks=(lock(host="elsewhere"),)), "locked from another machine", id="another machine"),
    pytest.param(situation(locks=(lock(os.getpid()),)), "", id="a process that took over the number of a dead run"),
    pytest.param(pending_for(100.5), "release istio-system/istiod: is pending-install, and may still be under way: "
                 "wait for 800 s more (release.timeout); nothing was repaired (800)", id="younger than its timeout"),
    pytest.param(situation(INSTALL), "wait for 900 s more", id="a release of unknown age is taken for young"),
    pytest.param(pending_for(901), "", id="older than its timeout"),
    pytest.param(pending_for(1, state=creating(), run_is_over=True), "", id="the run that was at the release is over"),
    pytest.param(pending_for(1, state=creating("istio-base"), run_is_over=True), "wait for 899 s more",
                 id="a run that is over tells nothing of a release that it was not at"),
])  # fmt: skip
def test_what_may_still_be_under_way_blocks_every_repair(now, obstacle):
    blocked = plan.find_obstacle(now)
    assert bool(blocked) is bool(obstacle)
    assert not blocked or obstacle in f"{blocked} ({blocked.number})"


def test_a_run_that_is_going_on_blocks_every_repair(monkeypatch):
    monkeypatch.setattr(processes, "is_run", lambda pid: pid == os.getpid())
    assert "a run is going on" in str(plan.find_obstacle(situation(locks=(lock(os.getpid()),))))


@pytest.mark.parametrize(("status", "state"), [
    pytest.param("pending-install", state_with(creating=KNOWN), id="install"),
    pytest.param("pending-upgrade", state_with(KNOWN), id="upgrade"),
])  # fmt: skip
@pytest.mark.parametrize("backend", ["s3://mesh-state", "https://api.pulumi.com"])
def test_a_run_that_may_still_be_going_on_is_not_repaired(backend, status, state):
    locks, known = tuple(processes.read_locks(backend, STACK)), processes.is_examinable(backend)
    now = situation(record(status), state=state, locks=locks, locks_known=known)
    assert plan.find_obstacle(now) or plan.repair_steps(now) == []


@pytest.mark.parametrize(("now", "words"), [
    (situation(state=creating(), locks_known=False), "normal while a run is active"),
    (situation(lost_ca=LostCa("pki_int", "nothing is mounted there", has_mount=False)), "nothing is mounted there"),
])  # fmt: skip
def test_a_step_says_what_is_known(now, words):
    (step,) = plan.repair_steps(now)
    assert words in step.problem


def cluster_with(status: str | None) -> FakeClient:
    """Return a cluster whose Secret of the stuck revision has this status in its label; None: there is no Secret."""
    packed = gzip.compress(json.dumps({"name": "istiod", "info": {"status": "x"}}).encode())
    release = base64.b64encode(base64.b64encode(packed)).decode()
    metadata = {"labels": {"status": status}} if status else {}
    return FakeClient({} if status is None else {SECRET: {"metadata": metadata, "data": {"release": release}}})


def test_a_stuck_revision_is_forgotten_by_deleting_its_secret():
    cluster = cluster_with("pending-upgrade")
    plan.forget_revision(cluster, UPGRADE)
    assert cluster.wrote == [("delete", SECRET)]


def test_a_stuck_revision_is_marked_as_failed_in_its_label_and_in_its_content():
    cluster = cluster_with("pending-upgrade")
    plan.fail_revision(cluster, UPGRADE)
    assert cluster.wrote == [("patch", SECRET)]
    (patch,) = cluster.bodies
    assert patch["metadata"] == {"labels": {"status": "failed"}}
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(patch["data"]["release"]))))
    info = {"status": "failed", "description": "interrupted, marked by repair"}
    assert content == {"name": "istiod", "info": info}


@pytest.mark.parametrize(("status", "words", "release"), [
    ("deployed", "is deployed by now", UPGRADE),
    ("failed", "is failed by now", UPGRADE),
    ("", "is None by now", UPGRADE),
    (None, "not found", UPGRADE),
    ("deployed", "is deployed by now", record("deployed")),
])  # fmt: skip
@pytest.mark.parametrize("write", [plan.forget_revision, plan.fail_revision])
def test_a_revision_that_is_not_stuck_any_more_stays_as_it_is(status, words, release, write):
    cluster = cluster_with(status)
    with pytest.raises(plan.StillDeployedError) as refused:
        write(cluster, release)
    assert words in str(refused.value.finding)
    assert refused.value.status is Exit.PROBLEMS
    assert cluster.wrote == []


def test_a_crd_is_handed_over_by_its_label_and_annotations_alone():
    cluster = FakeClient()
    plan.hand_over_crd(cluster, CRD, make_mesh().the(Kind.BASE))
    annotations = {"meta.helm.sh/release-name": "istio-base", "meta.helm.sh/release-namespace": "istio-system"}
    meta = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": annotations}
    assert (cluster.wrote, cluster.bodies) == ([("patch", f"{CRDS}/{CRD.name}")], [{"metadata": meta}])


SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "istiod"}, "spec": {"type": "ClusterIP"}}
CHANGED = Pair("istio-system/istiod", SERVICE, {**SERVICE, "spec": {"type": "NodePort", "externalName": "x"}}, SERVICE)
GONE = Pair("", {**SERVICE, "metadata": {"name": "own", "namespace": "trading"}}, None)
DISCOVERY = {"/api/v1": {"resources": [{"kind": "Service", "name": "services", "namespaced": True}]}}


def test_drift_is_undone_where_nothing_was_interrupted():
    steps = plan.repair_steps(situation(drift=(CHANGED, GONE)))
    assert [step.act for step in steps] == [Act.UNDO, Act.UNDO]
    assert "spec.type: 'NodePort', not 'ClusterIP'" in steps[0].problem
    assert steps[1].problem == "is gone"
    assert [step.act for step in plan.repair_steps(situation(INSTALL, drift=(GONE,)))] == [Act.FORGET]


def test_what_was_added_goes_and_the_rest_is_as_applied_for_its_owner_and_for_nobody_else():
    cluster = FakeClient(DISCOVERY)
    plan.undo_drift(cluster, CHANGED)
    place = "/api/v1/namespaces/istio-system/services/istiod"
    assert cluster.wrote == [("patch_json", place), ("apply", place), ("patch", place)]
    removal, applied, marks = cluster.bodies
    assert removal["operations"] == [{"op": "remove", "path": "/spec/externalName"}]
    assert applied == SERVICE
    assert marks["metadata"]["managedFields"] == [{}]
    assert marks["metadata"]["annotations"]["meta.helm.sh/release-name"] == "istiod"


def test_an_object_of_the_program_that_is_gone_is_made_without_marks_of_helm():
    cluster = FakeClient(DISCOVERY)
    plan.undo_drift(cluster, GONE)
    assert [verb for verb, _ in cluster.wrote] == ["apply", "patch"]
    assert cluster.bodies == [GONE.wanted, {"metadata": {"managedFields": [{}]}}]


def test_an_object_whose_kind_is_gone_is_named():
    with pytest.raises(ProblemError, match="of a kind that the cluster no longer has"):
        plan.undo_drift(FakeClient(), GONE)


BEGUN = replace(INSTALL, since=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def events(monkeypatch) -> list[str]:
    """Return the actions of repair, in order."""
    events: list[str] = []

    @contextmanager
    def held(_: ObservedState):
        events.append("lock")
        yield Mock(confirm=lambda _: events.append("confirm"), give_way=lambda: events.append("give way"))
        events.append("unlock")

    monkeypatch.setattr(backend_lock, "held_lock", held)
    monkeypatch.setattr(plan, "Client", FakeClient())
    monkeypatch.setattr(plan, "forget_revision", lambda _, release: events.append(f"forget {release.name}"))
    monkeypatch.setattr(plan, "hand_over_crd", lambda _, crd, __: events.append(f"hand over {crd.name}"))
    monkeypatch.setattr(pulumi, "import_", lambda _, state: events.append(f"import {json.dumps(state)}"))
    return events


def carry_out(monkeypatch, now: ObservedState, later: ObservedState | None = None, say=lambda _: None) -> list[str]:
    """Repair, with the observed state before and after orphans and locks go, and return the findings' ids."""
    monkeypatch.setattr(observed_state, "read", lambda *_: later or now)
    return [finding.id for finding in plan.carry_out(now, say)]


def test_the_lock_is_confirmed_before_each_write_and_given_up_for_the_import_alone(events, monkeypatch):
    carry_out(monkeypatch, situation(BEGUN, state=creating(), snapshot={"crds": (CRD,)}))
    *others, imported, end = events
    steps = ("forget istiod", f"hand over {CRD.name}", "give way")
    assert others == ["lock", *(event for step in steps for event in ("confirm", step))]
    assert '"pending_operations": []' in imported
    assert end == "unlock"


@pytest.mark.parametrize(("status", "taken_in"), [("deployed", ["istio-system/istiod"]), ("superseded", [])])
def test_a_release_that_was_finished_after_the_kill_is_taken_into_the_state(events, monkeypatch, status, taken_in):
    carry_out(monkeypatch, situation(record(status), state=creating()))
    (imported,) = [event.removeprefix("import ") for event in events if event.startswith("import")]
    assert [resource["id"] for resource in json.loads(imported)["deployment"]["resources"]] == taken_in


def test_a_lock_of_a_run_that_is_gone_is_removed_and_no_other(events, monkeypatch, tmp_path):
    stale, other, attributes = (tmp_path / name for name in ("stale.json", "other.json", "stale.json.attrs"))
    for file in (stale, other, attributes):
        file.write_text("{}")
    checks = carry_out(monkeypatch, situation(locks=(Lock(0, "x", "ann", "now", stale),)))
    assert (list(tmp_path.iterdir()), checks[0]) == ([other], "stale lock")
    assert events[0] == "lock"


def test_what_is_under_way_when_the_orphans_are_gone_stops_repair(events, monkeypatch):
    monkeypatch.setattr(Process, "end", lambda _: None)
    orphan = Process(psutil.Process(), "pulumi-language-python")
    messages: list[str] = []
    later = situation(replace(INSTALL, since=datetime.now(UTC)))
    checks = carry_out(monkeypatch, situation(orphans=(orphan,)), later, messages.append)
    assert checks == ["orphaned process", "obstacle"]
    assert events == ["lock", "unlock"]
    assert "may still be under way" in messages[-1]
