"""The stack lab, from nothing and back to nothing, for each file of tests here."""

from collections.abc import Iterator

import pytest

from tests.support.project import STACK, Project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project folder with nothing installed; what a file's tests leave is destroyed."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.run("pulumi", "stack", "select", STACK, "--create")
    assert project.destroy().status == 0
    yield project
    project.reset()
    assert project.destroy().status == 0


@pytest.fixture(scope="module")
def installed(project: Project) -> Project:
    """The project with the stack as it is shipped, installed."""
    done = project.up()
    assert done.status == 0, done.output
    return project
