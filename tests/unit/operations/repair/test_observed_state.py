"""The repaired state of a stack."""

import pytest

from operations import pulumi
from operations.repair import observed_state, plan
from operations.repair.observed_state import (
    INTERRUPTED,
    comparable_content,
    pending_operations,
    repaired_state,
    unnoticed_failures,
)
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks.lost_ca import LostCa
from pi_mesh.cluster.errors import WrongContext
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import parse_any
from pi_mesh.vault import VaultError
from tests.support.factories import STACK, make_settings
from tests.support.snapshots import make_snapshot
from tests.support.vault_server import vault_server

ISTIOD = "istio-system/istiod"


def release(name: str = "istiod", **more: object) -> dict:
    """Return a release of a pending operation, which has no id yet."""
    return {
        "urn": f"urn:pulumi:test::pi-mesh::kubernetes:helm.sh/v3:Release::{name}-release",
        "type": "kubernetes:helm.sh/v3:Release",
        "inputs": {"namespace": "istio-system", "name": name},
        **more,
    }


def state(*resources: dict, **operations: dict) -> dict:
    """Return a state; `creating=...` and the like are its pending operations."""
    under_way = [{"type": kind, "resource": resource} for kind, resource in operations.items()]
    return {"version": 3, "deployment": {"resources": list(resources), "pending_operations": under_way}}


def resources(of: dict) -> list[dict]:
    return of["deployment"]["resources"]


def test_operations_under_way_are_named():
    assert pending_operations(state(creating=release())) == ["creating istiod-release"]


def test_a_state_with_none_names_none():
    assert pending_operations({"version": 3, "deployment": {}}) == []


def test_no_operation_is_under_way_afterwards():
    assert pending_operations(repaired_state(state(updating=release()), [], [])) == []


def test_a_release_that_was_finished_after_the_kill_is_taken_in_and_gone_over_again():
    (adopted,) = resources(repaired_state(state(creating=release()), [ISTIOD], []))
    assert adopted["id"] == ISTIOD
    assert adopted["initErrors"] == [INTERRUPTED]


def test_an_interrupted_update_takes_nothing_in():
    assert resources(repaired_state(state(updating=release()), [ISTIOD], [])) == []


def test_a_release_that_never_came_to_be_is_not_taken_in():
    assert resources(repaired_state(state(creating=release()), [], [])) == []


def test_a_release_that_the_state_knows_is_not_taken_in_twice():
    known = release(id=ISTIOD)
    assert resources(repaired_state(state(known, creating=release()), [ISTIOD], [])) == [known]


def test_a_failed_release_is_marked_so_that_up_goes_over_it():
    (marked,) = resources(repaired_state(state(release(id=ISTIOD)), [], [ISTIOD]))
    assert marked["initErrors"] == [INTERRUPTED]


def test_other_resources_stay_as_they_are():
    namespace = {"urn": "urn:pulumi:test::pi-mesh::kubernetes:core/v1:Namespace::trading", "type": "x", "id": ISTIOD}
    assert resources(repaired_state(state(namespace, creating=release()), [], [ISTIOD])) == [namespace]


def test_a_failure_that_a_refresh_made_the_state_forget_is_found():
    assert unnoticed_failures(state(release(id=ISTIOD)), [ISTIOD]) == [ISTIOD]


def test_a_failure_that_the_state_remembers_needs_nothing():
    assert unnoticed_failures(state(release(id=ISTIOD, initErrors=["timed out"])), [ISTIOD]) == []


def test_a_stack_that_never_ran_has_no_deployment_and_nothing_under_way():
    assert comparable_content({"version": 3, "deployment": None}) == ([], [])


MOUNT, REQUEST, SECRET = "urn:x::mesh-ca-mount", "urn:x::mesh-ca-request-1", "urn:x::cacerts-secret"
TYPES = {
    MOUNT: observed_state.MOUNT,
    REQUEST: "vault:pkiSecret/secretBackendIntermediateCertRequest:X",
    SECRET: "kubernetes:X",
}
STATE = {
    "version": 3,
    "deployment": {
        "resources": [
            {"urn": MOUNT, "type": TYPES[MOUNT], "protect": True},
            {"urn": REQUEST, "type": TYPES[REQUEST], "dependencies": [MOUNT]},
            {
                "urn": SECRET,
                "type": TYPES[SECRET],
                "dependencies": [REQUEST, "urn:x::istio-namespace"],
                "propertyDependencies": {"data": [REQUEST], "metadata": None},
            },
        ]
    },
}
GONE, EMPTY = LostCa("pki_int", "nothing", has_mount=False), LostCa("pki_int", "no CA")


def left(lost: LostCa) -> dict[str, dict]:
    """Return the rest of the state, by URN."""
    return {entry["urn"]: entry for entry in observed_state.without_lost_ca(STATE, lost)["deployment"]["resources"]}


def test_with_the_mount_all_that_was_in_vault_is_taken_out():
    assert set(left(GONE)) == {SECRET}


def test_a_mount_that_is_still_there_stays():
    assert set(left(EMPTY)) == {MOUNT, SECRET}


def test_what_stays_waits_for_nothing_that_is_taken_out():
    secret = left(GONE)[SECRET]
    assert secret["dependencies"] == ["urn:x::istio-namespace"]
    assert secret["propertyDependencies"] == {"data": [], "metadata": []}


@pytest.mark.parametrize(
    "state", [{"deployment": {}}, {"deployment": {"resources": [STATE["deployment"]["resources"][2]]}}]
)
def test_a_stack_that_made_no_ca_has_lost_none(state: dict):
    with vault_server() as address:
        assert (
            observed_state.find_lost_ca(state, make_settings(vault={"enabled": True, "address": address}).vault) is None
        )


def test_what_a_failed_refresh_left_of_it_is_still_a_lost_ca():
    with vault_server() as address:
        found = observed_state.find_lost_ca(STATE, make_settings(vault={"enabled": True, "address": address}).vault)
    assert found == LostCa("pki_int", "nothing is mounted there", has_mount=False)


def test_a_vault_that_can_not_be_asked_is_said_and_stops_no_other_repair(monkeypatch):
    vault = {"enabled": True, "address": "http://127.0.0.1:9"}
    monkeypatch.setattr(pulumi, "backend", lambda: "s3://bucket")
    monkeypatch.setattr(pulumi, "export", lambda _: STATE)
    now = observed_state.read("ca", parse_any({"vault": vault}))
    assert now.lost_ca is None
    assert "can't be reached" in now.vault_unknown
    assert plan.repair_steps(now) == []


CA_ALONE = parse_any({"vault": {"enabled": True, "address": "https://vault.example:8200"}})
STATE_OF_OBSERVED_STATE = {"deployment": {"resources": []}}


@pytest.fixture
def read(monkeypatch):
    """Return `read(settings, ...)`: the situation, with these engines at work and this answer of Vault."""

    def of(settings, engines=(), backend="file:///state", vault=None, cluster=None):
        def find(*_):
            if isinstance(vault, Exception):
                raise vault
            return vault

        monkeypatch.setattr(pulumi, "backend", lambda: backend)
        monkeypatch.setattr(pulumi, "export", lambda _: STATE_OF_OBSERVED_STATE)
        monkeypatch.setattr(observed_state.snapshot, "read", lambda _: cluster or make_snapshot())
        monkeypatch.setattr(observed_state, "find_lost_ca", find)
        monkeypatch.setattr(observed_state.processes, "orphaned_processes", lambda _: ["orphan"])
        monkeypatch.setattr(observed_state.processes, "running_engines", lambda _: list(engines))
        return observed_state.read(STACK, settings)

    return of


def test_all_of_it_is_read_once(read):
    now = read(make_settings())
    assert (now.stack, now.state, now.backend, now.orphans) == (
        STACK,
        STATE_OF_OBSERVED_STATE,
        "file:///state",
        ("orphan",),
    )
    assert now.snapshot == make_snapshot()


@pytest.mark.parametrize(
    ("backend", "engines", "run_is_over"),
    [("file:///state", (), True), ("file:///state", ("pulumi",), False), ("https://api.example", (), False)],
)
def test_a_run_is_over_only_where_locks_are_seen_and_no_engine_works(read, backend, engines, run_is_over):
    now = read(make_settings(), engines, backend)
    assert now.run_is_over is run_is_over
    assert now.locks_known is backend.startswith("file://")


@pytest.mark.parametrize("problem", [VaultError("is sealed"), CertificateError("is no certificate")])
def test_a_vault_without_an_answer_leaves_the_rest_to_be_repaired(read, problem):
    now = read(make_settings(), vault=problem)
    assert (now.lost_ca, now.vault_unknown) == (None, str(problem))


def test_a_lost_ca_is_told(read):
    now = read(make_settings(), vault="a lost CA")
    assert (now.lost_ca, now.vault_unknown) == ("a lost CA", "")


def test_a_stack_of_a_ca_alone_has_no_cluster(read):
    now = read(CA_ALONE, cluster="not to be read")
    assert now.snapshot == Snapshot()
    assert now.context == ""


def test_another_cluster_than_the_stacks_is_refused(read, monkeypatch):
    def require(*_):
        raise WrongContext("another cluster")

    monkeypatch.setattr(observed_state.identity, "require", require)
    with pytest.raises(WrongContext):
        read(make_settings())
