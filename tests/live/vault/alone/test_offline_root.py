"""A CA in Vault under an offline root signs the mesh's CA, tried without a cluster by a stack of the CA alone."""

from collections.abc import Iterator

import pytest

from pi_mesh.certificates import pem
from tests.support import vault_policy
from tests.support.authorities import Authority, make_root, sign_request
from tests.support.vault_alone import TEN_YEARS, CaProject, VaultAlone, ca_project, vault_alone

pytestmark = pytest.mark.long

LIVES = ("8760h", "4000h")
UNCHANGED = "warning: vault: CA unchanged: Vault could not be asked"
SEALED = "Vault is sealed; unseal it with `vault operator unseal`"


@pytest.fixture(scope="module")
def offline() -> Authority:
    return make_root("Offline root")


@pytest.fixture(scope="module")
def vault(offline: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultAlone]:
    """Yield a Vault whose `pki` knows its own certificate, and not yet the root's."""
    with vault_alone(tmp_path_factory.mktemp("vault")) as made:
        made.admin.sys.enable_secrets_engine("pki", path="pki", config={"max_lease_ttl": TEN_YEARS})
        request = {"common_name": "Vault pki", "key_type": "ec"}
        asked = made.admin.write_data("pki/intermediate/generate/internal", data=request)["data"]["csr"]
        signed = {"certificate": sign_request(asked, offline, path_length=1, days=3000)}
        made.admin.write_data("pki/intermediate/set-signed", data=signed)
        yield made


@pytest.fixture(scope="module")
def stack(vault: VaultAlone, tmp_path_factory: pytest.TempPathFactory) -> CaProject:
    project = ca_project(tmp_path_factory.mktemp("ca"), vault.address)
    project.token = vault.token(vault_policy.with_lives(vault_policy.FILE.read_text(), *LIVES))
    return project


def names(stack: CaProject) -> list[str]:
    """Return the common names of the stack's chain, each once, the CA's first."""
    chain = dict.fromkeys(pem.certificates(stack.chain(), "the stack"))
    return [pem.title(one).split("'")[1] for one in chain]


def test_without_the_roots_certificate_nothing_is_made_and_the_command_that_helps_is_named(
    stack: CaProject, vault: VaultAlone
):
    refused = stack.up()
    assert refused.status != 0
    assert "`vault write pki/issuers/import/cert pem_bundle=@root.pem`" in refused.line_with("has no root")
    assert "pki_int/" not in vault.admin.sys.list_mounted_secrets_engines()["data"]


def test_with_it_the_ca_is_made_and_the_next_run_changes_nothing(
    stack: CaProject, vault: VaultAlone, offline: Authority
):
    vault.admin.write_data("pki/issuers/import/cert", data={"pem_bundle": offline.pem})
    stack.up().must()
    assert names(stack) == ["Istio Intermediate CA", "Vault pki", "Offline root"]
    stack.pulumi("preview", "--expect-no-changes").must()


def test_it_is_renewed_and_rotated_under_the_same_root(stack: CaProject, vault: VaultAlone, offline: Authority):
    first = pem.certificates(stack.chain(), "the stack")
    stack.set(enabled=True, address=vault.address, ttl="4000h")
    stack.up().must()
    renewed = pem.certificates(stack.chain(), "the stack")
    assert (renewed[0] == first[0], renewed[0].public_key() == first[0].public_key()) == (False, True)
    stack.operation("rotate-ca", "--yes").must()
    rotated = pem.certificates(stack.chain(), "the stack")
    assert rotated[0].public_key() != renewed[0].public_key()
    assert {first[-1], renewed[-1], rotated[-1]} == {offline.certificate}


def test_a_sealed_vault_stops_a_rotation_and_nothing_else(stack: CaProject, vault: VaultAlone):
    before = stack.chain()
    vault.admin.sys.seal()
    assert SEALED in stack.up("--expect-no-changes").must().line_with(UNCHANGED)
    assert SEALED in stack.operation("rotate-ca", "--yes").line_with("it is needed for mesh-ca-request-3")
    assert stack.chain() == before
