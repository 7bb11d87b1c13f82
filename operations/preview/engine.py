"""The engine's preview of one side's program on a separate state, without a cluster and without Vault."""

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Not `operations.pulumi`: only the Automation API hands out the engine's events.
from pulumi import automation
from pulumi.automation.events import EngineEvent

from operations.not_runnable import NotRunnableError
from operations.preview import engine_result
from operations.preview.engine_result import Intent
from operations.preview.engine_state import Deployment


class PulumiRefusedError(Exception):
    """The command pulumi cannot be used; the text is one line: why, and what to do."""


@dataclass(frozen=True)
class Checkout:
    """A side's folder, and the engine's further inputs."""

    folder: Path
    stack: str
    config: dict[str, str]
    """Config that is set before the preview, by path."""

    @property
    def policies(self) -> Path:
        return self.folder / "policies"

    @property
    def bounds(self) -> Path:
        return self.policies / "config" / f"{self.stack}.json"


@cache
def command() -> automation.PulumiCommand:
    """Return the command pulumi on PATH. Raises NotRunnableError and PulumiRefusedError."""
    try:
        return automation.PulumiCommand()
    except OSError as problem:
        raise NotRunnableError("pulumi", problem) from None
    except automation.InvalidVersionError as problem:
        raise PulumiRefusedError(f"the command pulumi is of another version: {problem}; install a newer one") from None
    except subprocess.CalledProcessError as problem:
        message = f"`pulumi version` ends with status {problem.returncode}, see above; reinstall pulumi"
        raise PulumiRefusedError(message) from None


def preview(side: Checkout, judge: Checkout | None = None, deployed: Deployment | None = None) -> Intent:
    """Return the resources of a side's program; nothing, where it has none yet.

    `judge`: the side whose policy pack and policy config apply. `deployed`: the state to compare with, by default an
    empty one. No kubeconfig and no Vault token reach the program.
    """
    if not (side.folder / "Pulumi.yaml").exists():
        return engine_result.NOTHING
    events: list[EngineEvent] = []
    try:
        _run(_stack(side, deployed), judge, events)
    except automation.CommandError as error:
        return engine_result.of(events, _reason(str(error)))
    return engine_result.of(events)


def _stack(side: Checkout, deployed: Deployment | None) -> automation.Stack:
    state = side.folder.with_name(f"{side.folder.name}-state")
    state.mkdir(exist_ok=True)
    environment = {
        "KUBECONFIG": os.devnull,
        "VAULT_TOKEN": "",
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "nothing is encrypted here",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    options = automation.LocalWorkspaceOptions(
        work_dir=str(side.folder), env_vars=environment, pulumi_command=command()
    )
    selected = automation.create_or_select_stack(side.stack, work_dir=str(side.folder), opts=options)
    for path, value in side.config.items():
        selected.set_config(path, automation.ConfigValue(value), path=True)
    if deployed:
        selected.import_stack(automation.Deployment(version=3, deployment=deployed))
    return selected


def _run(stack: automation.Stack, judge: Checkout | None, events: list[EngineEvent]) -> None:
    packs, bounds = [], []
    if judge and (judge.policies / "PulumiPolicy.yaml").exists():
        packs = [str(judge.policies)]
        bounds = [str(judge.bounds)] if judge.bounds.exists() else []
    stack.preview(policy_packs=packs, policy_pack_configs=bounds, on_event=events.append, color="never")


def _reason(output: str) -> str:
    """Return the errors that a failed command named, or else its whole output."""
    named = [line.strip().removeprefix("error: ") for line in output.splitlines() if line.strip().startswith("error: ")]
    return "; ".join(dict.fromkeys(named)) or output
