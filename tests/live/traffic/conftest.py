"""The workloads in the mesh that all tests share."""

import pytest

from lab.workloads import apply, delete, manifests, wait_for
from tests.live.traffic import cast
from tests.support.project import Project


@pytest.fixture(scope="session")
def workloads(mesh: Project) -> None:
    """Start the workloads of the cast and wait until they are Ready; they are removed before the mesh."""
    objects = [*cast.NAMESPACES, *cast.SERVICES, *(each for one in cast.ALL for each in manifests(one))]
    mesh.tenants.append(lambda: delete(objects))
    apply(objects)
    wait_for(*cast.ALL)
