"""A stack's state without the CA that Vault has lost."""

import pytest

from operations import pulumi
from operations.repair import lost_ca, observed_state, plan
from pi_mesh.checks.lost_ca import LostCa
from pi_mesh.settings import parse_any
from tests.support.factories import make_settings
from tests.support.vault_server import vault_server

MOUNT, REQUEST, SECRET = "urn:x::mesh-ca-mount", "urn:x::mesh-ca-request-1", "urn:x::cacerts-secret"
TYPES = {
    MOUNT: lost_ca.MOUNT,
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
    return {entry["urn"]: entry for entry in lost_ca.forgotten(STATE, lost)["deployment"]["resources"]}


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
        assert lost_ca.find(state, make_settings(vault={"enabled": True, "address": address}).vault) is None


def test_what_a_failed_refresh_left_of_it_is_still_a_lost_ca():
    with vault_server() as address:
        found = lost_ca.find(STATE, make_settings(vault={"enabled": True, "address": address}).vault)
    assert found == LostCa("pki_int", "nothing is mounted there", has_mount=False)


def test_a_vault_that_can_not_be_asked_is_said_and_stops_no_other_repair(monkeypatch):
    vault = {"enabled": True, "address": "http://127.0.0.1:9"}
    monkeypatch.setattr(pulumi, "backend", lambda: "s3://bucket")
    monkeypatch.setattr(pulumi, "export", lambda _: STATE)
    now = observed_state.read("ca", parse_any({"vault": vault}))
    assert now.lost_ca is None
    assert "can't be reached" in now.vault_unknown
    assert plan.steps(now) == []
