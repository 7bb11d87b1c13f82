"""The compared commits, the files changed between them, and the workflow run that compares them."""

import os
from dataclasses import dataclass
from pathlib import Path

from operations.preview import checkout

DOCUMENTATION = ("docs/", "tests/", "LICENSE")


@dataclass(frozen=True)
class Revision:
    """The two commits of a comparison, as a reader can look them up."""

    branch: str
    base: str
    head: str
    run: str | None
    changed: tuple[str, ...]
    """Files, committed or not, that differ from the base."""

    @property
    def changes_nothing(self) -> bool:
        """Return True where only files change that no program reads."""
        return all(name.startswith(DOCUMENTATION) or name.endswith(".md") for name in self.changed)

    def __str__(self) -> str:
        """Return the line below the verdict."""
        compared = f"Compared `{self.base}` ({self.branch}) with {self.head}"
        return f"{compared} · [run]({self.run})" if self.run else compared


def of(repository: Path, branch: str) -> Revision:
    """Describe the working tree against the branch from which it forked. Raises checkout.UnknownRevisionError."""
    base = checkout.fork_point(repository, branch)
    tracked = checkout.git(repository, "diff", "--name-only", "-z", base)
    new = checkout.git(repository, "ls-files", "--others", "--exclude-standard", "-z")
    changed = tuple(name for name in (tracked + new).decode().split("\0") if name)
    return Revision(branch, _short(repository, base), _head(repository), _run(), changed)


def _head(repository: Path) -> str:
    # GitHub checks out a merge of both sides; the pull request's own commit is its second parent.
    parents = checkout.git(repository, "rev-parse", "HEAD^@").decode().split()
    is_merge = os.environ.get("GITHUB_EVENT_NAME") == "pull_request" and len(parents) == 2
    head = _short(repository, parents[1] if is_merge else "HEAD")
    is_dirty = bool(checkout.git(repository, "status", "--porcelain").strip())
    return f"`{head}`" + (" and what is not committed yet" if is_dirty else "")


def _short(repository: Path, revision: str) -> str:
    return checkout.git(repository, "rev-parse", "--short", revision).decode().strip()


def _run() -> str | None:
    server, name, run = (os.environ.get(f"GITHUB_{part}") for part in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{name}/actions/runs/{run}" if server and name and run else None
