"""The search in Vault for the CA that the stack made."""

import pytest

from pi_mesh.checks import lost_ca
from pi_mesh.checks.lost_ca import LostCa
from pi_mesh.vault import VaultError
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.vault_server import vault_server

ROOT = authorities.make_root()
OURS = authorities.make_ca("Istio Intermediate CA", ROOT)
OTHER = authorities.make_ca("Another CA", ROOT)


def find(own: str | None, *made: str, status: int = 200) -> LostCa | None:
    """Ask a Vault with this CA at the mount."""
    with vault_server(own=own, own_status=status) as address:
        return lost_ca.find(made, make_settings(vault={"enabled": True, "address": address}).vault)


def test_the_ca_that_the_stack_made_is_not_lost():
    assert find(OURS.pem, OURS.pem + ROOT.pem) is None


def test_a_mount_that_is_gone():
    assert find(None, OURS.pem) == LostCa("pki_int", "nothing is mounted there", has_mount=False)


def test_a_mount_without_a_ca():
    assert find("", OURS.pem) == LostCa("pki_int", "the mount holds no CA")


def test_a_mount_with_another_ca_is_named_by_what_it_holds():
    found = find(OTHER.pem, OURS.pem)
    assert found
    assert found.found.startswith("the mount holds 'Another CA'")


def test_a_mount_whose_ca_is_yet_to_be_signed_is_not_lost():
    assert find("") is None


def test_a_vault_that_does_not_tell_is_no_vault_that_has_lost_it():
    with pytest.raises(VaultError, match="is sealed"):
        find("", OURS.pem, status=503)
