"""The CA in a stack of its own: whoever deploys or previews the mesh needs no Vault."""

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
def ca_stack(mesh: VaultMesh, server: Server) -> Iterator[str]:
    """The CA made by the same program with `vault` alone in its settings; its name for the mesh's stack."""
    server.allow_mount(MOUNT)
    settings = {"enabled": True, "address": server.address, "mount": MOUNT}
    (mesh.folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": {"pi-mesh:vault": settings}}))
    mesh.run("pulumi", "stack", "init", STACK, "--non-interactive")
    common = ("--stack", STACK, "--non-interactive", "--color", "never")
    made = mesh.run("pulumi", "up", "--yes", "--skip-preview", *common)
    assert made.status == 0, made.output
    yield f"organization/pi-mesh/{STACK}"
    mesh.set("vault", {"enabled": True, "address": server.address})
    mesh.must_up()
    mesh.run("pulumi", "state", "unprotect", "--all", "--yes", *common)
    mesh.run("pulumi", "destroy", "--yes", "--skip-preview", *common)


def test_the_mesh_takes_its_ca_from_there_with_vault_down_and_no_token(mesh: VaultMesh, ca_stack: str):
    before = issued()
    mesh.unprotect()
    mesh.set("vault", {"enabled": True, "stack": ca_stack})
    mesh.must_up()
    wait_for_issuer(other_than=before)
    token = mesh.more.pop("VAULT_TOKEN")
    vault.down()
    try:
        unchanged = mesh.up("--expect-no-changes")
        assert unchanged.status == 0, unchanged.output
    finally:
        vault.up()
        mesh.give(token)
    rotated = mesh.operation("rotate-ca")
    assert rotated.status == 0, rotated.output
    assert "signs with another CA" in rotated.output
