"""The types of a rule, and its form for the engine."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

MANDATORY, ADVISORY = EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY

Bounds = Mapping[str, Any]
"""The bounds of a rule: the policy config, or the defaults of the rule's schema."""

Resource = ResourceValidationArgs | PolicyResource
"""The engine's resource: both types have resource_type, name, urn, props and opts."""


class WrongType(Exception):
    """A property has a type that cannot be read; the rule that reads it reports a breach."""

    def __init__(self, place: str, found: str, wanted: str) -> None:
        super().__init__(f"{place} is {found}, where {wanted} belongs" if place else f"is {found}, not {wanted}")
        self.place, self.found, self.wanted = place, found, wanted

    def below(self, place: str) -> "WrongType":
        """Return the same error for a tree that itself stands at a place."""
        return WrongType(f"{place}.{self.place}".rstrip("."), self.found, self.wanted)


@dataclass(frozen=True)
class _Metadata:
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

    def bounds(self, config: Mapping[str, Any] | None) -> Bounds:
        defaults = {name: schema["default"] for name, schema in self.schema.items()}
        return {**defaults, **(config or {})}

    def message(self, breach: str) -> str:
        return f"{breach}. Fix: {self.fix}."

    def for_engine(self) -> dict[str, Any]:
        schema = PolicyConfigSchema(dict(self.schema)) if self.schema else None
        description = f"{self.says} ({self.level.value}: {self.why})."
        return {
            "name": self.name,
            "description": description,
            "enforcement_level": self.level,
            "config_schema": schema,
            "remediation_steps": self.fix,
        }


@dataclass(frozen=True)
class Rule(_Metadata):
    """A rule about each single resource."""

    breaches: Callable[[Resource, Bounds], Iterable[str]] = field(kw_only=True)
    """Function that yields a sentence for each breach."""

    def policy(self) -> Policy:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            for breach in _in_words(self.breaches(args, self.bounds(args.get_config()))):
                report(self.message(breach), None)

        return ResourceValidationPolicy(validate=validate, **self.for_engine())


@dataclass(frozen=True)
class StackRule(_Metadata):
    """A rule about all resources together."""

    breaches: Callable[[Sequence[Resource], Bounds], Iterable[str]] = field(kw_only=True)
    """Function that yields a sentence for each breach."""

    def policy(self) -> Policy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            for breach in _in_words(self.breaches(args.resources, self.bounds(args.get_config()))):
                report(self.message(breach), None)

        return StackValidationPolicy(validate=validate, **self.for_engine())


def _in_words(breaches: Iterable[str]) -> Iterator[str]:
    """Yield the breaches, and last the wrong type that ended the search."""
    try:
        yield from breaches
    except WrongType as error:
        yield str(error)


def strings(default: Sequence[str], description: str) -> dict[str, Any]:
    """Return the schema of a bound that is a list of strings."""
    return {"type": "array", "items": {"type": "string"}, "default": list(default), "description": description}
