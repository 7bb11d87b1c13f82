"""What one side's program wants, as the engine's events tell it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pulumi.automation.events import EngineEvent

MARKUP = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")
SUMMARIES = ("preview failed", "an unhandled error occurred: program exited")
"""The engine's last words on any error; its reason stands in another one, or in a violation."""
IGNORED = ("pulumi:pulumi:Stack", "pulumi:providers:")


@dataclass(frozen=True)
class Resource:
    """One resource with the inputs that its provider would get; secrets read `[secret]`."""

    type: str
    name: str
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Violation:
    """What one policy says of one resource."""

    policy: str
    level: str
    resource: str
    message: str


@dataclass(frozen=True)
class Intent:
    """All that a preview tells."""

    resources: dict[str, Resource]
    outputs: dict[str, Any]
    violations: tuple[Violation, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether a mandatory rule is broken."""
        return any(violation.level == "mandatory" for violation in self.violations)


NOTHING = Intent({}, {})


def of(events: list[EngineEvent], crash: str | None = None) -> Intent:
    """From the engine's events; `crash`: what the command said where it failed, for want of a better reason."""
    said = [event.diagnostic_event for event in events if event.diagnostic_event]
    violations = tuple(_violation(event) for event in events if event.policy_event)
    reasons = _unique(one.message for one in said if one.severity == "error")
    errors = tuple(reason for reason in reasons if not reason.startswith(SUMMARIES))
    if crash and not errors and not violations:
        errors = (crash,)
    return Intent(
        resources=_resources(events),
        outputs=_outputs(events),
        violations=violations,
        warnings=_unique(one.message for one in said if one.severity == "warning"),
        errors=errors,
    )


def _resources(events: list[EngineEvent]) -> dict[str, Resource]:
    steps = [event.resource_pre_event.metadata for event in events if event.resource_pre_event]
    wanted = [step for step in steps if step.new and not step.type.startswith(IGNORED)]
    return {step.urn: Resource(step.type, _name(step.urn), dict(step.new.inputs or {})) for step in wanted if step.new}


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
