"""Vault has lost the CA: two commands bring it back under the same root, with the published plugin too.

The stack is one that makes the CA alone, so that no cluster is needed. Its token has the policy of docs/vault.
"""

import pytest

from pi_mesh.certificates import pem
from tests.support import vault_policy
from tests.support.vault_alone import CaProject, VaultAlone, ca_project
from tests.support.vault_contract import ITSELF, asked

pytestmark = pytest.mark.long

NIL = 'got nil response from Vault from path: "pki_int/config/auto-tidy"'


@pytest.fixture(scope="module")
def stack(vault: VaultAlone, tmp_path_factory: pytest.TempPathFactory) -> CaProject:
    """Return a stack that has made its CA."""
    project = ca_project(tmp_path_factory.mktemp("ca"), vault.address)
    allow(project, vault)
    project.up().must()
    return project


def allow(stack: CaProject, vault: VaultAlone) -> None:
    """Give the stack a token of the shipped policy."""
    stack.token = vault.token(vault_policy.FILE.read_text())


def bring_back(stack: CaProject, vault: VaultAlone, found: str) -> None:
    """Run the commands that docs/vault.md names, after which there is a new CA under the same root."""
    before = pem.certificates(stack.chain(), "the stack")
    assert found in stack.operation("repair").line_with("vault mount pki_int no longer holds the CA")
    stack.operation("repair", "--yes").must()
    stack.up().must()
    after = pem.certificates(stack.chain(), "the stack")
    assert (after[0] == before[0], after[-1] == before[-1]) == (False, True)
    assert after[0] == pem.certificates(vault.root("pki_int"), "Vault")[0]
    stack.pulumi("refresh", "--yes", "--skip-preview").must()
    stack.pulumi("preview", "--expect-no-changes").must()
    assert "Nothing to repair" in stack.operation("repair").must().output


def test_a_preview_and_a_refresh_ask_nothing_that_the_table_does_not_have(stack: CaProject, vault: VaultAlone):
    with vault.requests() as seen:
        stack.pulumi("refresh", "--yes", "--skip-preview").must()
        stack.pulumi("preview", "--expect-no-changes").must()
    named = {str(request) for request in seen if request.policies}
    assert named <= {*asked(), f"read {ITSELF}"}


def test_the_program_itself_asks_with_its_token_only_whose_it_is(stack: CaProject, vault: VaultAlone):
    with vault.requests() as seen:
        stack.pulumi("preview", "--expect-no-changes").must()
    assert {str(request) for request in seen if request.policies} == {f"read {ITSELF}"}


def test_a_removed_mount_comes_back(stack: CaProject, vault: VaultAlone):
    vault.admin.sys.disable_secrets_engine(path="pki_int")
    assert NIL in stack.pulumi("refresh", "--yes", "--skip-preview").output
    bring_back(stack, vault, "nothing is mounted there")


def test_a_vault_restored_from_before_the_last_rotation_comes_back(stack: CaProject, vault: VaultAlone):
    older = vault.backup()
    stack.operation("rotate-ca", "--yes").must()
    vault.restore(older)
    bring_back(stack, vault, "the mount holds 'Istio Intermediate CA'")


def test_a_wiped_vault_with_its_root_put_back_comes_back(stack: CaProject, vault: VaultAlone):
    # The owner has the root's key elsewhere, as whoever made it outside of Vault has.
    vault.wipe()
    vault.put_root_back("pki")
    allow(stack, vault)
    bring_back(stack, vault, "nothing is mounted there")


def test_an_empty_mount_is_filled_again(stack: CaProject, vault: VaultAlone):
    vault.admin.sys.disable_secrets_engine(path="pki_int")
    config = {"max_lease_ttl": "8760h"}
    vault.admin.sys.enable_secrets_engine("pki", "pki_int", description="The mesh's intermediate CA", config=config)
    bring_back(stack, vault, "the mount holds no CA")


def test_without_repair_a_rotation_says_what_helps(stack: CaProject, vault: VaultAlone):
    vault.admin.sys.disable_secrets_engine(path="pki_int")
    failed = stack.operation("rotate-ca", "--yes")
    assert failed.status == 1
    assert "python -m operations repair" in failed.output
