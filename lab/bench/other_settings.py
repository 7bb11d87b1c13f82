"""The stack lab with other settings for a while, and at its own ones afterwards."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lab import dead_run
from lab.bench.rounds import Say
from lab.bench.timed_command import run
from lab.cluster.names import CHECKOUT, LAB
from lab.dead_run import STACK
from pi_mesh.settings.stack_file import load_file

FOLDER = LAB / "other-settings"
SHIPPED = CHECKOUT / f"Pulumi.{STACK}.yaml"
AMPLE = "1Gi"
"""Memory limit within which nothing is killed, by thousands of services or by an `up` that brings 2,000 objects."""
AT_ONCE = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Variables by which Pulumi writes its state once, in the end: after each of 2,000 objects it takes eight minutes more.

An interrupted run writes it too; a killed one does not, and then only `make down` makes the lab new.
"""

Changes = Mapping[str, Mapping[str, Any]]
"""Keys of a branch, such as `istio`, with their values."""


@contextmanager
def changeable(environment: Mapping[str, str], say: Say) -> Iterator[Callable[[Changes], Path]]:
    """Yield a function that installs the shipped settings with changes, and returns the folder that has them.

    The folder has links to the checkout and a stack file of its own, so that every command finds those settings by the
    name of the stack, and the checkout's file stays as it is. It lies in the checkout, where Pulumi finds the same
    repository.
    """
    with own_settings(environment, say), _links() as folder:

        def install(changes: Changes) -> Path:
            (folder / SHIPPED.name).write_text(changed(SHIPPED.read_text(), changes))
            up(environment, folder)
            return folder

        yield install


@contextmanager
def own_settings(environment: Mapping[str, str], say: Say) -> Iterator[None]:
    """Bring the stack lab to its own settings, and back to them in the end, after an error or Ctrl-C too.

    A second Ctrl-C ends that as well: `make up` does it then.
    """
    _restore(environment, say)
    try:
        yield
    finally:
        say(f"the stack {STACK} goes back to its own settings")
        _restore(environment, say)


def up(environment: Mapping[str, str], directory: Path = CHECKOUT, stack: str = STACK, *flags: str) -> None:
    """Bring a stack to its settings."""
    flags = ("--yes", "--skip-preview", "--non-interactive", *flags)
    run(["pulumi", "up", "--stack", stack, *flags], environment, directory)


def changed(stack_file: str, changes: Changes) -> str:
    """Return the text of a stack file with these keys changed."""
    content = yaml.safe_load(stack_file)
    for branch, keys in changes.items():
        content["config"].setdefault(f"pi-mesh:{branch}", {}).update(keys)
    return yaml.safe_dump(content)


def ample_memory() -> Changes:
    """Return the changes that give istiod, the gateways and the sidecars memory enough for whatever is measured."""
    settings = load_file(SHIPPED)
    branches = {
        "istio": settings.istio,
        "proxy": settings.proxy,
        "ingress": settings.ingress,
        "egress": settings.egress,
    }
    found = {}
    for name, branch in branches.items():
        resources = branch.resources.to_kubernetes()
        found[name] = {"resources": {**resources, "limits": {**resources["limits"], "memory": AMPLE}}}
    return found


@contextmanager
def _links() -> Iterator[Path]:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        for entry in CHECKOUT.iterdir():
            if entry.name not in (SHIPPED.name, ".git"):
                (FOLDER / entry.name).symlink_to(entry)
        yield FOLDER
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


def _restore(environment: Mapping[str, str], say: Say) -> None:
    for line in dead_run.clear(environment):
        say(line)
    up(environment)
