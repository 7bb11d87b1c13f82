"""The compared commits, and the changes between them."""

import subprocess

import pytest

from operations.preview import checkout, revision
from operations.preview.revision import Revision

IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


def git(folder, *arguments) -> str:
    done = subprocess.run(["git", "-C", folder, *IDENTITY, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """Return a branch of one commit, beside a main with later commits."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for branch, file in (("main", "first"), ("change", "README.md"), ("main", "later")):
        git(tmp_path, "checkout", "--quiet", *(["-B", branch] if file != "later" else [branch]))
        (tmp_path / file).write_text("x")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "--message", file)
    git(tmp_path, "checkout", "--quiet", "change")
    return tmp_path


@pytest.fixture(autouse=True)
def no_workflow(monkeypatch):
    for name in ("EVENT_NAME", "SERVER_URL", "REPOSITORY", "RUN_ID"):
        monkeypatch.delenv(f"GITHUB_{name}", raising=False)


def test_both_commits_are_named_and_only_the_branchs_own_changes_count(repository):
    found = revision.of(repository, "main")
    assert found.base == git(repository, "rev-parse", "--short", "main~1")
    assert found.head == f"`{git(repository, 'rev-parse', '--short', 'change')}`"
    assert (found.changed, found.run) == (("README.md",), None)


def test_what_is_not_committed_counts_and_is_told(repository):
    (repository / "new").write_text("x")
    found = revision.of(repository, "main")
    assert found.changed == ("README.md", "new")
    assert found.head.endswith(" and what is not committed yet")


def test_a_workflow_names_its_run_and_the_pull_requests_own_commit(repository, monkeypatch):
    own = git(repository, "rev-parse", "--short", "change")
    git(repository, "checkout", "--quiet", "--detach", "main")
    git(repository, "merge", "--quiet", "--no-edit", "change")
    environment = {"EVENT_NAME": "pull_request", "SERVER_URL": "https://host", "REPOSITORY": "a/b", "RUN_ID": "7"}
    for name, value in environment.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    found = revision.of(repository, "main")
    assert found.head == f"`{own}`"
    assert str(found).endswith(f"with `{own}` · [run](https://host/a/b/actions/runs/7)")


def test_an_unknown_base_is_named(repository):
    with pytest.raises(checkout.UnknownRevisionError, match="no-such"):
        revision.of(repository, "no-such")


@pytest.mark.parametrize(
    ("files", "nothing"),
    [
        ((), True),
        (("README.md", "docs/picture.svg", "tests/unit/test_x.py"), True),
        (("README.md", "Pulumi.pi-cluster.yaml"), False),
        (("policies/config/pi-cluster.json",), False),
        (("requirements.txt",), False),
    ],
)
def test_documentation_and_tests_alone_change_no_cluster(files, nothing):
    assert Revision("main", "a", "b", None, files).changes_nothing is nothing


@pytest.mark.parametrize("missing", ["SERVER_URL", "REPOSITORY", "RUN_ID"])
def test_no_run_is_linked_where_a_part_of_its_address_is_missing(repository, monkeypatch, missing):
    for name, value in {"SERVER_URL": "https://host", "REPOSITORY": "a/b", "RUN_ID": "7"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", "" if name == missing else value)
    assert revision.of(repository, "main").run is None


def test_a_merge_outside_of_a_pull_requests_run_is_the_head_itself(repository):
    git(repository, "merge", "--quiet", "--no-edit", "main")
    assert revision.of(repository, "main").head == f"`{git(repository, 'rev-parse', '--short', 'HEAD')}`"


def test_a_pull_requests_run_on_a_commit_that_is_no_merge_names_that_commit(repository, monkeypatch):
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    assert revision.of(repository, "main").head == f"`{git(repository, 'rev-parse', '--short', 'change')}`"


def test_the_line_below_the_verdict_links_no_run_where_there_is_none():
    assert str(Revision("main", "a", "`b`", None, ())) == "Compared `a` (main) with `b`"
