"""The two sides of a comparison: their commits, and a folder for each that a preview may write into."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from operations.failures import NotRunnableError
from pi_mesh.settings import stack_file as stack_file_reader
from pi_mesh.settings.pulumi_config import STAND_IN

ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")
MESH, VAULT, CA = "pi-mesh:istio", "pi-mesh:vault", "pi-mesh:ca"
WITHOUT_CA = {VAULT: {"enabled": False}, CA: {}}
"""Stand-in for the settings of the mesh's CA: a preview of a pull request has neither its key nor Vault."""
CHARTS = "charts-at-hand"
FILES = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
"""Arguments of the git command that lists the working tree, without the files that git ignores."""

Config = dict[str, Any]
"""Full keys (`pi-mesh:istio`) and their values."""


class UnknownRevisionError(Exception):
    """git does not know the base revision, or it has no commit in common with this one."""


def fork_point(repository: Path, revision: str) -> str:
    """Return the commit at which the working tree left the base branch. Raises UnknownRevisionError."""
    return git(repository, "merge-base", "HEAD", revision).decode().strip()


def unpack_base(revision: str, repository: Path, folder: Path) -> None:
    """Unpack the commit at which the working tree left the base branch into a new folder; raises as `fork_point`."""
    packed = git(repository, "archive", fork_point(repository, revision))
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def copy_working_tree(repository: Path, folder: Path) -> None:
    """Copy the working tree, committed or not, into a new folder, without the files that git ignores."""
    folder.mkdir()
    for name in _names(git(repository, *FILES)):
        source, target = repository / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def _names(listed: bytes) -> tuple[str, ...]:
    return tuple(filter(None, listed.decode().split("\0")))


def prepare(folder: Path, stack: str) -> Config:
    """Give the folder this Python environment, and a stack file that needs neither keys nor Vault.

    Return the config as its owner wrote it, but for the secrets. Raise SettingsError.
    """
    (folder / ".venv").symlink_to(sys.prefix)
    path = stack_file(folder, stack)
    content = stack_file_reader.content(path) if path.exists() else None
    if not content:
        return {}
    content = {key: value for key, value in content.items() if key not in ENCRYPTION}
    config: Config = _without_secrets(content.get("config") or {})
    has_mesh = MESH in config  # a stack that makes the CA alone would have no settings left
    left_out = {key: other for key, other in WITHOUT_CA.items() if has_mesh and config.get(key)}
    path.write_text(yaml.safe_dump({**content, "config": {**config, **left_out}}))
    return config


def stack_file(folder: Path, stack: str) -> Path:
    return folder / f"Pulumi.{stack}.yaml"


def is_of_vault(config: Config) -> bool:
    """Return True for a stack that makes the CA alone: its program asks Vault before it registers anything."""
    return VAULT in config and MESH not in config


def use_charts(folder: Path, charts: Path, stack: str) -> dict[str, str]:
    """Put a folder of packaged charts into the side and its policy config; return the config that names it."""
    (folder / CHARTS).symlink_to(charts.absolute())
    bounds = folder / "policies" / "config" / f"{stack}.json"
    if bounds.exists():
        with suppress(ValueError, TypeError):  # config that is no JSON is reported where it is read
            bounds.write_text(json.dumps({**json.loads(bounds.read_text()), "chart-source": {"packaged": True}}))
    return {"pi-mesh:charts.source": CHARTS}


def _without_secrets(tree: Any) -> Any:
    if isinstance(tree, dict):
        if tree.keys() == {"secure"}:
            return STAND_IN
        return {key: _without_secrets(value) for key, value in tree.items()}
    return [_without_secrets(value) for value in tree] if isinstance(tree, list) else tree


def git(repository: Path, *arguments: str) -> bytes:
    """Return the output of a git command. Raises UnknownRevisionError and NotRunnableError."""
    try:
        run = subprocess.run(["git", "-C", repository, *arguments], capture_output=True, check=False)
    except OSError as problem:
        raise NotRunnableError("git", problem) from None
    if run.returncode:
        raise UnknownRevisionError(f"git {' '.join(arguments)}: {run.stderr.decode().strip() or 'no common ancestor'}")
    return run.stdout


NEEDED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Environment variables that a side's programs get from the one who compares them."""


def isolated_environment(home: Path) -> dict[str, str]:
    """Return the environment for programs of a side, with this folder as their home: no token and no kubeconfig.

    Of Pulumi's home they see the plugins, not the credentials, and of Helm's the cache.
    """
    pulumi = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    (home / ".pulumi").mkdir(parents=True, exist_ok=True)
    if (pulumi / "plugins").exists() and not (home / ".pulumi" / "plugins").exists():
        (home / ".pulumi" / "plugins").symlink_to(pulumi / "plugins")
    passed = {*NEEDED, *map(str.lower, NEEDED)}
    return {
        **{name: os.environ[name] for name in os.environ if name in passed or name.startswith("PULUMI_DISABLE_")},
        "HOME": str(home),
        "PULUMI_HOME": str(home / ".pulumi"),
        "HELM_CACHE_HOME": os.environ.get("HELM_CACHE_HOME") or str(caches / "helm"),
        "KUBECONFIG": os.devnull,
    }


@contextmanager
def isolated(environment: Mapping[str, str]) -> Iterator[None]:
    """Give this process that environment for the block: the Automation API hands all of it to its commands."""
    whole = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(whole)


@dataclass(frozen=True)
class Checkout:
    """A side's folder, and the engine's further inputs."""

    folder: Path
    stack: str
    config: dict[str, str]
    """Config that is set before the preview, by path."""

    @cached_property
    def environment(self) -> dict[str, str]:
        """Return the environment of the side's programs, without anybody's credentials."""
        return isolated_environment(self.folder.with_name(f"{self.folder.name}-home"))

    @property
    def policies(self) -> Path:
        return self.folder / "policies"

    @property
    def bounds(self) -> Path:
        return self.policies / "config" / f"{self.stack}.json"


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
    links: tuple[str, ...] = ()
    """Symbolic links of the working tree: what they name is read under another name."""

    @property
    def changes_nothing(self) -> bool:
        """Return True where only files change that no program reads."""
        return not self.links and all(name.startswith(DOCUMENTATION) or name.endswith(".md") for name in self.changed)

    def __str__(self) -> str:
        """Return the line below the verdict."""
        compared = f"Compared `{self.base}` ({self.branch}) with {self.head}"
        return f"{compared} · [run]({self.run})" if self.run else compared


def compared_revision(repository: Path, branch: str) -> Revision:
    """Describe the working tree against the branch from which it forked. Raises checkout.UnknownRevisionError."""
    base = fork_point(repository, branch)
    tracked = git(repository, "diff", "--no-renames", "--name-only", "-z", base)  # a move changes both its places
    new = git(repository, "ls-files", "--others", "--exclude-standard", "-z")
    links = tuple(name for name in _names(git(repository, *FILES)) if (repository / name).is_symlink())
    return Revision(branch, _short(repository, base), _head(repository), _workflow_run(), _names(tracked + new), links)


def _head(repository: Path) -> str:
    # GitHub checks out a merge of both sides; the pull request's own commit is its second parent.
    parents = git(repository, "rev-parse", "HEAD^@").decode().split()
    is_merge = os.environ.get("GITHUB_EVENT_NAME") == "pull_request" and len(parents) == 2
    head = _short(repository, parents[1] if is_merge else "HEAD")
    is_dirty = bool(git(repository, "status", "--porcelain").strip())
    return f"`{head}`" + (" and what is not committed yet" if is_dirty else "")


def _short(repository: Path, revision: str) -> str:
    return git(repository, "rev-parse", "--short", revision).decode().strip()


def _workflow_run() -> str | None:
    server, name, run = (os.environ.get(f"GITHUB_{part}") for part in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{name}/actions/runs/{run}" if server and name and run else None
