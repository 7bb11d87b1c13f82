"""The resources, steps and violations of one side's program, from the engine's events."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation.events import EngineEvent, OpType, StepEventMetadata, StepEventStateMetadata

from operations.preview import engine_state
from operations.preview.engine_state import Deployment

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
    before: Resource | None
    after: Resource | None
    keys: tuple[str, ...] = ()
    """The inputs that cause the replacement of a resource."""
    is_retained: bool = False
    """True where the resource leaves the state, but not the cluster."""

    @property
    def resource(self) -> Resource:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def kind(self) -> str:
        """Return the kind of the resource, as Kubernetes or Helm calls it."""
        return self.resource.type.rpartition(":")[2]

    @property
    def object_name(self) -> str:
        """Return the name that the resource has in the cluster, before the step where it was there."""
        found = self.before or self.resource
        return found.inputs.get("metadata", found.inputs).get("name", found.name)


@dataclass(frozen=True)
class Violation:
    """One violation of a policy by one resource."""

    policy: str
    level: str
    resource: str
    message: str


@dataclass(frozen=True)
class Intent:
    """The complete result of a preview."""

    resources: dict[str, Resource]
    outputs: dict[str, Any]
    violations: tuple[Violation, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    state: Deployment = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Return True where a mandatory rule is broken."""
        return any(violation.level == "mandatory" for violation in self.violations)


NOTHING = Intent({}, {})


def of(events: list[EngineEvent], crash: str | None = None) -> Intent:
    """Return an intent; `crash` is the output of a failed command, for lack of a better reason."""
    said = [event.diagnostic_event for event in events if event.diagnostic_event]
    violations = tuple(_violation(event) for event in events if event.policy_event)
    reasons = _unique(message.message for message in said if message.severity == "error")
    errors = tuple(reason for reason in reasons if not reason.startswith(SUMMARIES))
    if crash and not errors and not violations:
        errors = (crash,)
    steps = [event.resource_pre_event.metadata for event in events if event.resource_pre_event]
    steps = [step for step in steps if not step.type.startswith(IGNORED)]
    wanted = [step.new for step in steps if step.new and step.new.custom and step.op is not OpType.DELETE]
    return Intent(
        resources={state.urn: _resource(state) for state in wanted},
        outputs=_outputs(events),
        violations=violations,
        warnings=_unique(message.message for message in said if message.severity == "warning"),
        errors=errors,
        steps=tuple(step for step in map(_step, steps) if step),
        state=engine_state.of(events),
    )


def _step(step: StepEventMetadata) -> Step | None:
    state = step.new or step.old
    if step.op not in VERBS or state is None or not state.custom:
        return None
    before, after = step.old and _resource(step.old), step.new and _resource(step.new)
    if step.op is OpType.UPDATE and before and after and before.inputs == after.inputs:
        return None  # a secret, which the state to compare with can't have
    after = None if step.op is OpType.DELETE else after
    return Step(VERBS[step.op], before, after, tuple(step.keys or ()), bool(state.retain_on_delete))


def _resource(state: StepEventStateMetadata) -> Resource:
    return Resource(state.type, _name(state.urn), dict(state.inputs or {}))


def _outputs(events: list[EngineEvent]) -> dict[str, Any]:
    done = [event.res_outputs_event.metadata for event in events if event.res_outputs_event]
    stacks = [step.new.outputs for step in done if step.type == "pulumi:pulumi:Stack" and step.new]
    return dict(stacks[-1] or {}) if stacks else {}


def _violation(event: EngineEvent) -> Violation:
    policy = event.policy_event
    assert policy is not None
    return Violation(
        policy.policy_name, policy.enforcement_level, _name(policy.resource_urn or ""), _plain(policy.message)
    )


def _unique(messages: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_plain, messages))))


def _plain(message: str) -> str:
    return MARKUP.sub("", message).strip()


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
