"""The lab's Vault, and the mesh that signs with it."""

import os
from collections.abc import Iterator

import pytest

from lab.cluster.environment import search_path, variables
from tests.live.vault import server as servers
from tests.live.vault.mesh import VaultMesh
from tests.live.vault.server import Server
from tests.support.project import Holds, Project


@pytest.fixture(scope="session")
def environment(lab: None) -> Iterator[None]:  # noqa: ARG001 - the cluster comes first
    """Set the kubeconfig and kubectl by which these tests ask istiod, as the operations do."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables().items():
            patch.setenv(name, value)
        patch.setenv("PATH", search_path(), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def server(environment: None) -> Server:  # noqa: ARG001
    return servers.start()


@pytest.fixture(scope="session")
def vault_mesh(server: Server, project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultMesh]:
    """Yield the mesh with Vault on from its installation, in place of the mesh that other tests share."""
    project.must_hold_nothing()
    project.holds = Holds.UNKNOWN
    made = VaultMesh(tmp_path_factory.mktemp("vault-mesh"))
    made.begin(server)
    made.end()
    try:
        made.must_up()
        yield made
    finally:
        made.end()
