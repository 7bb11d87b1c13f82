"""The program itself, on the local cluster: the stack lab, as it is in the repository or with other settings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.support.project import Outcome, Project


@contextmanager
def changed(project: Project, settings: Mapping[str, object]) -> Iterator[Outcome]:
    """Apply these settings (by path, such as "istio.version") for the block, and the repository's afterwards."""
    for path, value in settings.items():
        project.set(path, value)
    try:
        yield project.must_up()
    finally:
        project.reset()
        project.must_up()
