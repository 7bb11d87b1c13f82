"""Runs one side's program: the engine's preview on an empty state, with the policy pack."""

import os
from pathlib import Path

# Not `operations.pulumi`: only the Automation API hands out the engine's events.
from pulumi import automation
from pulumi.automation.events import EngineEvent

from operations.preview import engine_result
from operations.preview.engine_result import Intent


def preview(folder: Path, stack: str, state: Path, config: dict[str, str], judged: bool) -> Intent:
    """What the program in the folder wants; nothing, where there is none yet.

    No kubeconfig and no Vault token reach it. `config`: paths and values set beforehand. `state`: a folder for it.
    `judged`: whether the checkout's own policy pack has a say.
    """
    if not (folder / "Pulumi.yaml").exists():
        return engine_result.NOTHING
    environment = {
        "KUBECONFIG": os.devnull,
        "VAULT_TOKEN": "",
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "nothing is encrypted here",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    options = automation.LocalWorkspaceOptions(work_dir=str(folder), env_vars=environment)
    selected = automation.create_or_select_stack(stack, work_dir=str(folder), opts=options)
    for path, value in config.items():
        selected.set_config(path, automation.ConfigValue(value), path=True)
    events: list[EngineEvent] = []
    crash = _run(selected, folder / "policies" if judged else None, events)
    return engine_result.of(events, crash)


def _run(stack: automation.Stack, policies: Path | None, events: list[EngineEvent]) -> str | None:
    """Collects the events; returns what the command said when it failed."""
    packs, bounds = [], []
    if policies and (policies / "PulumiPolicy.yaml").exists():
        packs = [str(policies)]
        bounds = [str(path) for path in [policies / "config" / f"{stack.name}.json"] if path.exists()]
    try:
        stack.preview(policy_packs=packs, policy_pack_configs=bounds, on_event=events.append, color="never")
    except automation.CommandError as error:
        return str(error)
    return None
