"""The engine's preview of one side's program on a separate state, without a cluster and without Vault."""

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

# Not `operations.pulumi`: only the Automation API hands out the engine's events.
from pulumi import automation
from pulumi.automation.events import EngineEvent, OpType, StepEventMetadata, StepEventStateMetadata

from operations.failures import NotRunnableError
from operations.pull_request.checkout import Checkout, isolated
from pi_mesh.words import text_before_last

RELEASE = "kubernetes:helm.sh/v3:Release"
PROVIDER = "pulumi:providers:"
NO_TIME = "2026-01-01T00:00:00Z"

UNKNOWN_ID = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stand-in for an ID that a preview does not know, which no state may have (UnknownStringValue in
sdk/go/common/resource/plugin/rpc.go of Pulumi's engine)."""

Deployment = dict[str, Any]
"""The input of `pulumi stack import`."""


def state_of_events(events: list[EngineEvent]) -> Deployment:
    """Return the state in which every resource of a preview on an empty state exists with its inputs."""
    planned = [step.new for step in _steps(events) if step.new]
    references = (resource.provider.rsplit("::", 1) for resource in planned if resource.provider)
    ids = {urn: _name(urn) if known == UNKNOWN_ID else known for urn, known in references}
    manifest = {"time": NO_TIME, "magic": "", "version": ""}
    return {"manifest": manifest, "resources": [_state_entry(resource, ids) for resource in planned]}


def _state_entry(resource: StepEventStateMetadata, ids: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"urn": resource.urn, "type": resource.type, "custom": bool(resource.custom)}
    entry |= {"parent": resource.parent} if resource.parent else {}
    if not resource.custom:
        return entry
    inputs = dict(resource.inputs or {})
    # The Kubernetes provider compares an object's new inputs with `__inputs` of its outputs, and a release's with the
    # inputs of the state (parseCheckpointObject and helmReleaseProvider.Diff, pulumi-kubernetes 4.25.0).
    is_object = resource.type.startswith("kubernetes:") and resource.type != RELEASE
    return {
        **entry,
        "id": ids.get(resource.urn, _name(resource.urn)),
        "inputs": inputs,
        "outputs": {**inputs, "__inputs": inputs} if is_object else inputs,
        "protect": bool(resource.protect),
        "retainOnDelete": bool(resource.retain_on_delete),
        **({"provider": f"{urn}::{ids[urn]}"} if (urn := text_before_last(resource.provider or "", "::")) else {}),
    }


def _steps(events: list[EngineEvent]) -> list[StepEventMetadata]:
    return [event.resource_pre_event.metadata for event in events if event.resource_pre_event]


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


MARKUP = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")
SUMMARIES = ("preview failed", "an unhandled error occurred: program exited")
"""The engine's last words on any error; its reason is in another event, or in a violation."""
IGNORED = ("pulumi:pulumi:Stack", "pulumi:providers:")
VERBS = {OpType.CREATE: "create", OpType.UPDATE: "update", OpType.DELETE: "delete", OpType.REPLACE: "replace"}


@dataclass(frozen=True)
class Resource:
    """A resource with the inputs that its provider would get; secrets read `[secret]`."""

    type: str
    name: str
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """The engine's operation on one resource."""

    verb: str
    kind: str
    """Kind of the resource, as Kubernetes or Helm calls it."""
    name: str
    object_name: str
    """Name that the resource has in the cluster, before the step where it was there."""
    keys: tuple[str, ...] = ()
    """The inputs that cause the replacement of a resource."""
    is_retained: bool = False
    """True where the resource leaves the state, but not the cluster."""


@dataclass(frozen=True)
class Violation:
    policy: str
    level: str
    resource: str
    message: str


@dataclass(frozen=True)
class Intent:
    resources: dict[str, Resource]
    violations: tuple[Violation, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    state: Deployment = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Return True where a mandatory rule is broken."""
        return any(violation.level == "mandatory" for violation in self.violations)


NOTHING = Intent({})


def intent_of_events(events: list[EngineEvent], crash: str | None = None) -> Intent:
    """Return an intent; `crash` is the output of a failed command, for lack of a better reason."""
    said = [event.diagnostic_event for event in events if event.diagnostic_event]
    broken = (event.policy_event for event in events if event.policy_event)
    violations = tuple(
        Violation(each.policy_name, each.enforcement_level, _name(each.resource_urn or ""), _plain(each.message))
        for each in broken
    )
    reasons = _unique(message.message for message in said if message.severity == "error")
    errors = tuple(reason for reason in reasons if not reason.startswith(SUMMARIES))
    if crash and not errors and not violations:
        errors = (crash,)
    steps = [step for step in _steps(events) if not step.type.startswith(IGNORED)]
    remaining = [step.new for step in steps if step.new and step.new.custom and step.op is not OpType.DELETE]
    return Intent(
        resources={item.urn: Resource(item.type, _name(item.urn), dict(item.inputs or {})) for item in remaining},
        violations=violations,
        warnings=_unique(message.message for message in said if message.severity == "warning"),
        errors=errors,
        steps=tuple(step for step in map(_step, steps) if step),
        state=state_of_events(events),
    )


def _step(step: StepEventMetadata) -> Step | None:
    state = step.new or step.old
    if step.op not in VERBS or state is None or not state.custom:
        return None
    if step.op is OpType.UPDATE and step.old and step.new and (step.old.inputs or {}) == (step.new.inputs or {}):
        return None  # a secret, which the state to compare with can't have
    kind, name, inputs = state.type.rpartition(":")[2], _name(state.urn), (step.old or state).inputs or {}
    object_name = inputs.get("metadata", inputs).get("name", name)
    return Step(VERBS[step.op], kind, name, object_name, tuple(step.keys or ()), bool(state.retain_on_delete))


def _unique(messages: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_plain, messages))))


def _plain(message: str) -> str:
    return MARKUP.sub("", message).strip()


class PulumiRefusedError(Exception):
    """The command pulumi cannot be used; the text is one line: why, and what to do."""


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
        return NOTHING
    packs, bounds = [], []
    if judge and (judge.policies / "PulumiPolicy.yaml").exists():
        packs = [str(judge.policies)]
        bounds = [str(judge.bounds)] if judge.bounds.exists() else []
    rules: dict[str, Any] = {"policy_packs": packs, "policy_pack_configs": bounds}
    events: list[EngineEvent] = []
    with isolated(side.environment):
        try:
            _stack(side, deployed).preview(**rules, on_event=events.append, color="never")
        except automation.CommandError as error:
            return intent_of_events(events, _reason(str(error)))
    return intent_of_events(events)


def _stack(side: Checkout, deployed: Deployment | None) -> automation.Stack:
    state = side.folder.with_name(f"{side.folder.name}-state")
    state.mkdir(exist_ok=True)
    environment = {
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "nothing is encrypted here",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    folder = str(side.folder)
    options = automation.LocalWorkspaceOptions(work_dir=folder, env_vars=environment, pulumi_command=command())
    selected = automation.create_or_select_stack(side.stack, work_dir=folder, opts=options)
    for path, value in side.config.items():
        selected.set_config(path, automation.ConfigValue(value), path=True)
    if deployed:
        selected.import_stack(automation.Deployment(version=3, deployment=deployed))
    return selected


def _reason(output: str) -> str:
    """Return the errors that a failed command named, or else its whole output."""
    named = [line.strip().removeprefix("error: ") for line in output.splitlines() if line.strip().startswith("error: ")]
    return "; ".join(dict.fromkeys(named)) or output
