"""A Vault that cannot be asked: an unchanged CA stays, and everything else goes on."""

from unittest.mock import Mock

import pulumi
import pytest

from components.ca import program
from pi_mesh.cluster.ca_state import WantedCa
from pi_mesh.settings import parse_any
from pi_mesh.values.vault import SigningRole
from tests.support.factories import make_settings
from tests.support.findings import table
from tests.support.recorder import Recording
from tests.support.vault_program import KEYLESS, OUTSIDE, ROOT, files, in_state, live, plug_in
from tests.support.vault_server import vault_server

SEALED = 503
UNCHANGED = "CA unchanged: Vault could not be asked"
BY_WAY = {
    "exported": ({}, None),
    "third generation": ({"generation": 3, "workloadRole": True}, None),
    "outside": (OUTSIDE, None),
    "a newer request": ({**OUTSIDE, "generation": 2}, None),
    "not signed yet": ({"signedBy": "outside"}, None),
    "internal": ({"key": "internal", "allowHttp": True}, KEYLESS),
}
each_way = pytest.mark.parametrize(("vault", "outputs"), BY_WAY.values(), ids=BY_WAY)


def in_vault(recording: Recording) -> dict[str, dict]:
    return {one.name: one.props for one in recording.resources if one.type.startswith("vault:")}


def again(vault: dict, outputs: dict | None = None, **changes: object) -> Recording:
    """Return the resources of a second run that finds Vault sealed, with some settings changed."""
    before = in_state(plug_in(outputs=outputs, **vault))
    # Its port is another one each time; a changed address is no change of the CA.
    return plug_in(live(ROOT), outputs=outputs, health=SEALED, recorded=before, **{**vault, **changes})


@each_way
def test_what_is_compared_is_what_is_registered(vault, outputs):
    made = in_vault(plug_in(outputs=outputs, **vault))
    settings = make_settings(vault={"enabled": True, "address": "http://127.0.0.1:1", **vault}).vault
    role = (
        SigningRole(tuple(made["mesh-ca-istiod-role"]["allowedDomains"]), 86400) if settings.external_signer else None
    )
    wanted = WantedCa(program.CA, settings, role).resources()
    assert wanted.keys() == made.keys()
    assert [(name, key) for name, keys in wanted.items() for key in keys if keys[key] != made[name].get(key)] == []


@each_way
def test_a_ca_that_stays_goes_on_with_one_warning(vault, outputs):
    recording = again(vault, outputs)
    (line,) = [line for line in recording.logs if UNCHANGED in line]
    assert "Vault is sealed; unseal it with `vault operator unseal`" in line
    at_vault = [one for one in recording.resources if one.type.startswith(("vault:", "pulumi:providers:vault"))]
    assert {one.ignored_changes for one in at_vault} == {("*",)}


@table(
    ({"generation": 2}, "mesh-ca-request-2, mesh-ca-signature-2, mesh-ca-certificate-2"),
    ({"ttl": "9000h"}, "mesh-ca-signature-1"),
    ({"rootMount": "pki_other"}, "mesh-ca-signature-1"),
    ({"mount": "pki_mesh"}, "mesh-ca-mount"),
    ({"commonName": "Another"}, "mesh-ca-request-1, mesh-ca-signature-1"),
    ({"key": "internal", "allowHttp": True}, "mesh-ca-istiod-role, mesh-ca-request-1"),
)
def test_a_change_of_the_ca_waits_for_vault(changes, named):
    with pytest.raises(pulumi.RunError, match="Vault is sealed") as refusal:
        again({}, **changes)
    assert named in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_first_run_waits_for_vault():
    with pytest.raises(pulumi.RunError, match=r"Vault is sealed.*the CA does not exist yet; nothing was touched"):
        plug_in(health=SEALED)


def test_a_token_that_is_missing_or_refused_stops_no_other_change():
    before = in_state(plug_in())
    for token, reason in (("", "there is no token"), ("wrong", "rejects the token")):
        recording = plug_in(live(ROOT), token=token, recorded=before)
        (line,) = recording.logs
        assert (UNCHANGED in line, reason in line) == (True, True)
        assert files(recording)["root-cert.pem"] == ROOT.pem


def test_what_earlier_settings_made_is_deleted_when_vault_answers_and_not_before():
    before = in_state(plug_in(workloadRole=True))
    kept = plug_in(live(ROOT), health=SEALED, recorded=before).one("mesh-ca-role")
    assert (kept.type, kept.ignored_changes) == (before.vault["mesh-ca-role"].type, ("*",))
    assert "mesh-ca-role" not in in_vault(plug_in(live(ROOT), recorded=before))


def test_a_vault_without_the_ca_is_refused_though_nothing_would_change():
    with vault_server() as address, pytest.raises(pulumi.RunError, match="has no CA there"):
        plug_in(live(ROOT), address=address, recorded=in_state(plug_in()))


def test_a_ca_stack_goes_on_as_well(monkeypatch):
    first = in_state(plug_in())
    settings = parse_any({"vault": {"enabled": True, "address": "http://127.0.0.1:1"}})
    monkeypatch.setattr("components.engine.recorded_state", lambda: first)
    monkeypatch.setattr("pulumi.log.warn", warn := Mock())
    monkeypatch.setattr("components.ca.source.ca_source", register := Mock())
    program.deploy_ca(settings)
    assert register.call_args.args[1] == first.vault
    assert UNCHANGED in warn.call_args_list[0].args[0]
