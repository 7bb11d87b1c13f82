"""The types of a rule, and its form for the engine."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi_policy
from pulumi_policy import EnforcementLevel

MANDATORY, ADVISORY = EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY

Bounds = Mapping[str, Any]
"""The bounds of a rule: the policy config, or the defaults of the rule's schema."""

Resource = pulumi_policy.ResourceValidationArgs | pulumi_policy.PolicyResource
"""The engine's resource: both types have resource_type, name, urn, props and opts."""


class WrongType(Exception):
    """A property has a type that cannot be read; the rule that reads it reports a breach."""

    def __init__(self, place: str, actual: str, expected: str) -> None:
        super().__init__(f"{place} is {actual}, where {expected} belongs" if place else f"is {actual}, not {expected}")
        self.place, self.actual, self.expected = place, actual, expected

    def below(self, place: str) -> "WrongType":
        """Return the same error for a tree that itself stands at a place."""
        return WrongType(f"{place}.{self.place}".rstrip("."), self.actual, self.expected)


@dataclass(frozen=True)
class Rule:
    """A rule about each single resource, or about all resources of a stack together."""

    name: str
    says: str
    """The requirement of the rule, as a sentence."""
    level: EnforcementLevel
    why: str
    """The reason for the rule's level."""
    fix: str
    """The repair of a breach."""
    schema: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """JSON schema of each bound that policy config may set, with its default."""
    breaches: Callable[[Any, Bounds], Iterable[str]] = field(kw_only=True)
    """Function that yields a sentence for each breach of a Resource, or of a sequence of them if `of_stack`."""
    of_stack: bool = False

    def bounds(self, config: Mapping[str, Any] | None) -> Bounds:
        return {**{name: schema["default"] for name, schema in self.schema.items()}, **(config or {})}

    def policy(self) -> pulumi_policy.Policy:
        form = pulumi_policy.StackValidationPolicy if self.of_stack else pulumi_policy.ResourceValidationPolicy
        return form(
            self.name,
            f"{self.says} ({self.level.value}: {self.why}).",
            self._validate,
            self.level,
            pulumi_policy.PolicyConfigSchema(dict(self.schema)) if self.schema else None,
            remediation_steps=self.fix,
        )

    def _validate(self, args: Any, report: pulumi_policy.ReportViolation) -> None:
        """Report the breaches, and last the wrong type that ended the search."""
        try:
            for breach in self.breaches(args.resources if self.of_stack else args, self.bounds(args.get_config())):
                report(self.message(breach), None)
        except WrongType as error:
            report(self.message(str(error)), None)

    def message(self, breach: str) -> str:
        return f"{breach}. Fix: {self.fix}."


def bound(type_: str, default: Any, description: str, **further: Any) -> dict[str, Any]:
    """Return the schema of a bound of one of JSON's types."""
    return {"type": type_, "default": default, "description": description, **further}


def strings(default: Sequence[str], description: str) -> dict[str, Any]:
    """Return the schema of a bound that is a list of strings."""
    return bound("array", list(default), description, items={"type": "string"})
