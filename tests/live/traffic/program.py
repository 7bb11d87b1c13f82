"""The program itself, on the local cluster: the stack lab, as it is in the repository or with other settings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.support.project import STACK, Project


def up(project: Project) -> None:
    """`pulumi up`; raises AssertionError with all that pulumi said."""
    done = project.up()
    assert done.status == 0, done.output


@contextmanager
def changed(project: Project, settings: Mapping[str, object]) -> Iterator[None]:
    """The mesh with these settings (by path, such as "istio.version") inside, and as the repository has it after."""
    for path, value in settings.items():
        project.set(path, value)
    try:
        up(project)
        yield
    finally:
        project.reset()
        up(project)


@contextmanager
def installed(project: Project) -> Iterator[None]:
    """The mesh as the repository has it; what was not there before is gone after."""
    project.run("pulumi", "stack", "select", STACK, "--create")
    was_there = "helm.sh/v3:Release" in project.run("pulumi", "stack", "export", "--stack", STACK).output
    up(project)
    try:
        yield
    finally:
        if not was_there:
            done = project.destroy()
            assert done.status == 0, done.output
