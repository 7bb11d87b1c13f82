"""The search in Vault for the CA that the stack made."""

import pytest

from pi_mesh.checks import lost_ca
from pi_mesh.checks.lost_ca import LostCa
from pi_mesh.vault import VaultError
from tests.support.authorities import make_ca, make_root
from tests.support.factories import make_settings
from tests.support.vault_server import vault_server

ROOT = make_root()
OURS, OTHER = (make_ca(name, ROOT).pem for name in ("Istio Intermediate CA", "Another CA"))


def find(there: str | None, *ours: str, status: int = 200) -> LostCa | None:
    """Ask a Vault with this CA at the mount."""
    with vault_server(own=there, own_status=status) as address:
        return lost_ca.find(ours, make_settings(vault={"enabled": True, "address": address}).vault)


@pytest.mark.parametrize(("there", "ours"), [(OURS, (OTHER, OURS + ROOT.pem)), ("", ())], ids=["made", "to be signed"])
def test_a_ca_that_the_stack_made_or_that_is_yet_to_be_signed_is_not_lost(there, ours):
    assert find(there, *ours) is None


@pytest.mark.parametrize(
    ("there", "words"),
    [(None, "nothing is mounted there"), ("", "the mount holds no CA"), (OTHER, "the mount holds 'Another CA'")],
    ids=["no mount", "no CA", "another CA"],
)
def test_a_ca_is_lost_where_the_mount_has_another_or_none(there, words):
    lost = find(there, OURS)
    assert lost
    assert (lost.mount, lost.has_mount) == ("pki_int", there is not None)
    assert lost.found.startswith(words)


def test_a_vault_that_does_not_tell_is_no_vault_that_has_lost_it():
    with pytest.raises(VaultError, match="is sealed"):
        find("", OURS, status=503)
