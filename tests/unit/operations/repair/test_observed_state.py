"""The state of a stack as repair reads it, and as it is repaired."""

from unittest.mock import Mock

import pytest

from operations import pulumi
from operations.repair import observed_state
from operations.repair.observed_state import comparable_content, pending_operations, repaired_state, unnoticed_failures
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks.root_trust import LostCa
from pi_mesh.cluster.errors import WrongContext
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import parse_any
from pi_mesh.vault import VaultError
from tests.support.factories import STACK, make_settings
from tests.support.helm_mesh import state_with as state
from tests.support.snapshots import make_snapshot
from tests.support.vault_server import vault_server

ISTIOD = "istio-system/istiod"
PENDING = {
    "urn": "urn:pulumi:test::pi-mesh::kubernetes:helm.sh/v3:Release::istiod-release",
    "type": "kubernetes:helm.sh/v3:Release",
    "inputs": {"namespace": "istio-system", "name": "istiod"},
}
"""The release of a pending operation, which has no id yet."""
KNOWN = {**PENDING, "id": ISTIOD}
MARKED = {**KNOWN, "initErrors": [observed_state.INTERRUPTED]}
TAKEN_IN = {**MARKED, "outputs": PENDING["inputs"]}
NAMESPACE = {"urn": "urn:pulumi:test::pi-mesh::kubernetes:core/v1:Namespace::trading", "type": "x", "id": ISTIOD}


@pytest.mark.parametrize(("before", "deployed", "failed", "resources"), [
    pytest.param(state(creating=PENDING), [ISTIOD], [], [TAKEN_IN], id="a release that was finished after the kill"),
    pytest.param(state(updating=PENDING), [ISTIOD], [], [], id="an interrupted update takes nothing in"),
    pytest.param(state(creating=PENDING), [], [], [], id="a release that never came to be"),
    pytest.param(state(KNOWN, creating=PENDING), [ISTIOD], [], [KNOWN], id="a known release is not taken in twice"),
    pytest.param(state(KNOWN), [], [ISTIOD], [MARKED], id="a failed release is marked so that up goes over it"),
    pytest.param(state(NAMESPACE, creating=PENDING), [], [ISTIOD], [NAMESPACE], id="other resources stay"),
])  # fmt: skip
def test_what_an_interruption_left_is_taken_in_or_marked(before, deployed, failed, resources):
    repaired = repaired_state(before, deployed, failed)
    assert (repaired["deployment"]["resources"], pending_operations(repaired)) == (resources, [])


def test_operations_under_way_are_named_and_a_stack_that_never_ran_has_none():
    assert pending_operations(state(creating=PENDING)) == ["creating istiod-release"]
    assert pending_operations({"version": 3, "deployment": {}}) == []
    assert comparable_content({"version": 3, "deployment": None}) == ([], [])


def test_a_failure_that_a_refresh_made_the_state_forget_is_found():
    assert unnoticed_failures(state(KNOWN), [ISTIOD]) == [ISTIOD]
    assert unnoticed_failures(state({**KNOWN, "initErrors": ["timed out"]}), [ISTIOD]) == []


MOUNT, REQUEST, SECRET = "urn:x::mesh-ca-mount", "urn:x::mesh-ca-request-1", "urn:x::cacerts-secret"
BY_PROPERTY = {"propertyDependencies": {"data": [REQUEST], "metadata": None}}
OF_SECRET = {"urn": SECRET, "type": "kubernetes:X", "dependencies": [REQUEST, "urn:x::istio-namespace"], **BY_PROPERTY}
OF_REQUEST = {"urn": REQUEST, "type": "vault:pkiSecret/secretBackendIntermediateCertRequest:X", "dependencies": [MOUNT]}
STATE = state({"urn": MOUNT, "type": observed_state.MOUNT, "protect": True}, OF_REQUEST, OF_SECRET)


@pytest.mark.parametrize(("lost", "urns"), [
    pytest.param(LostCa("pki_int", "nothing", has_mount=False), [SECRET], id="with the mount all that was in vault"),
    pytest.param(LostCa("pki_int", "no CA"), [MOUNT, SECRET], id="a mount that is still there stays"),
])  # fmt: skip
def test_a_lost_ca_is_taken_out_and_what_stays_waits_for_nothing_of_it(lost, urns):
    left = {entry["urn"]: entry for entry in observed_state.without_lost_ca(STATE, lost)["deployment"]["resources"]}
    assert (list(left), left[SECRET]["dependencies"]) == (urns, ["urn:x::istio-namespace"])
    assert left[SECRET]["propertyDependencies"] == {"data": [], "metadata": []}


@pytest.mark.parametrize(("before", "lost"), [
    pytest.param({"deployment": {}}, None, id="a new stack"),
    pytest.param(state(OF_SECRET), None, id="a stack that made no ca has lost none"),
    pytest.param(STATE, LostCa("pki_int", "nothing is mounted there", has_mount=False), id="a failed refresh left it"),
])  # fmt: skip
def test_a_ca_of_the_state_that_vault_does_not_have_is_lost(before, lost):
    with vault_server() as address:
        settings = make_settings(vault={"enabled": True, "address": address})
        assert observed_state.find_lost_ca(before, settings.vault) == lost


def read(monkeypatch, settings, engines=(), backend="file:///state", vault=None, cluster=None):
    """Return the situation, with these engines at work and this answer of Vault; an exception is raised."""
    monkeypatch.setattr(pulumi, "backend", lambda: backend)
    monkeypatch.setattr(pulumi, "export", lambda _: STATE)
    monkeypatch.setattr(observed_state.snapshot, "read", lambda _: cluster or make_snapshot())
    monkeypatch.setattr(observed_state.processes, "orphaned_processes", lambda _: ["orphan"])
    monkeypatch.setattr(observed_state.processes, "running_engines", lambda _: list(engines))
    if vault:
        monkeypatch.setattr(observed_state, "find_lost_ca", Mock(side_effect=[vault]))
    return observed_state.read(STACK, settings)


def test_all_of_it_is_read_once(monkeypatch):
    now = read(monkeypatch, make_settings())
    assert (now.stack, now.state, now.backend, now.orphans) == (STACK, STATE, "file:///state", ("orphan",))
    assert now.snapshot == make_snapshot()


@pytest.mark.parametrize(("backend", "engines", "run_is_over"), [
    ("file:///state", (), True), ("file:///state", ("pulumi",), False), ("https://api.example", (), False),
])  # fmt: skip
def test_a_run_is_over_only_where_locks_are_seen_and_no_engine_works(monkeypatch, backend, engines, run_is_over):
    now = read(monkeypatch, make_settings(), engines, backend)
    assert now.run_is_over is run_is_over
    assert now.locks_known is backend.startswith("file://")


@pytest.mark.parametrize(("answer", "lost", "unknown"), [
    (VaultError("is sealed"), None, "is sealed"),
    (CertificateError("is no certificate"), None, "is no certificate"),
    ("a lost CA", "a lost CA", ""),
])  # fmt: skip
def test_a_vault_without_an_answer_leaves_the_rest_to_be_repaired(monkeypatch, answer, lost, unknown):
    now = read(monkeypatch, make_settings(), vault=answer)
    assert (now.lost_ca, now.vault_unknown) == (lost, unknown)


def test_a_stack_of_a_ca_alone_has_no_cluster_and_a_vault_that_can_not_be_asked_stops_no_other_repair(monkeypatch):
    vault = {"enabled": True, "address": "http://127.0.0.1:9"}
    now = read(monkeypatch, parse_any({"vault": vault}), cluster="not to be read", backend="s3://bucket")
    assert (now.snapshot, now.context, now.lost_ca) == (Snapshot(), "", None)
    assert "can't be reached" in now.vault_unknown


def test_another_cluster_than_the_stacks_is_refused(monkeypatch):
    monkeypatch.setattr(observed_state.identity, "require", Mock(side_effect=WrongContext("another cluster")))
    with pytest.raises(WrongContext):
        read(monkeypatch, make_settings())
