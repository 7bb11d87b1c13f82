"""The CA in a stack of its own: deploying and previewing the mesh needs no Vault."""

from collections.abc import Iterator

import pytest
import yaml

from lab.cluster import vault
from tests.live.vault.mesh import VaultMesh, issued, wait_for_issuer
from tests.live.vault.server import Server

pytestmark = pytest.mark.long

STACK = "ca"
MOUNT = "pki_ca"


@pytest.fixture
def ca_stack(vault_mesh: VaultMesh, server: Server) -> Iterator[str]:
    """Create the CA with `vault` alone in the settings, and yield the name of its stack."""
    server.allow_mount(MOUNT)
    settings = {"enabled": True, "address": server.address, "mount": MOUNT}
    (vault_mesh.folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": {"pi-mesh:vault": settings}}))
    vault_mesh.run("pulumi", "stack", "init", STACK, "--non-interactive")
    common = ("--stack", STACK, "--non-interactive", "--color", "never")
    made = vault_mesh.run("pulumi", "up", "--yes", "--skip-preview", *common)
    assert made.status == 0, made.output
    yield f"organization/pi-mesh/{STACK}"
    vault_mesh.set("vault", {"enabled": True, "address": server.address})
    vault_mesh.must_up()
    vault_mesh.run("pulumi", "state", "unprotect", "--all", "--yes", *common)
    vault_mesh.run("pulumi", "destroy", "--yes", "--skip-preview", *common)


def test_the_mesh_takes_its_ca_from_there_with_vault_down_and_no_token(vault_mesh: VaultMesh, ca_stack: str):
    before = issued()
    vault_mesh.unprotect()
    vault_mesh.set("vault", {"enabled": True, "stack": ca_stack})
    vault_mesh.must_up()
    wait_for_issuer(other_than=before)
    token = vault_mesh.more.pop("VAULT_TOKEN")
    vault.down()
    try:
        vault_mesh.must_up("--expect-no-changes")
    finally:
        vault.up()
        vault_mesh.give(token)
    rotated = vault_mesh.operation("rotate-ca", "--yes").must()
    assert "signs with another CA" in rotated.output
