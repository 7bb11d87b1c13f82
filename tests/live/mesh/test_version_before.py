"""A stack that the program of commit 8ce0a51 installed: this program previews, updates and destroys it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster.names import CHECKOUT
from tests.support.objects import istio_crds
from tests.support.project import Project

BEFORE = "8ce0a51"


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Path]:
    """Yield the checkout of commit 8ce0a51."""
    folder, git = tmp_path / "before", ["git", "-C", CHECKOUT]
    if subprocess.run([*git, "cat-file", "-e", f"{BEFORE}^{{commit}}"], check=False, capture_output=True).returncode:
        pytest.skip(f"this is a shallow clone: it has no commit {BEFORE}")
    subprocess.run([*git, "worktree", "add", "--quiet", "--detach", folder, BEFORE], check=True)
    yield folder
    subprocess.run([*git, "worktree", "remove", "--force", folder], check=True)


def test_it_is_updated_without_a_replacement_and_destroyed_with_its_crds(
    nothing: Project, before: Path, tmp_path: Path
):
    earlier = Project(tmp_path / "earlier", before)
    for project in (earlier, nothing):
        project.set("destroy", {"crds": True, "rootCertificates": True})
    earlier.must_up()
    planned = nothing.preview().must().output
    assert "leftovers update" in planned
    assert "`pulumi destroy` of this stack deletes the workloads of others without asking" in planned
    # The new resources are the ConfigMap that says what `up` applied, the guard, the drain, and their provider.
    assert "4 to create" in planned
    assert not [word for word in ("to delete", "to replace") if word in planned], planned
    nothing.must_up()
    nothing.must_be_unchanged()
    nothing.destroy().must()
    assert istio_crds() == []
