"""What a rule is, and how the engine gets it."""

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
"""What policy config says, or the defaults of the rule's schema."""

Resource = ResourceValidationArgs | PolicyResource
"""Both have resource_type, name, urn, props and opts."""


class WrongType(Exception):
    """A property has a type that nothing can be read from; the rule that reads it calls it a breach."""

    def __init__(self, place: str, found: str, wanted: str) -> None:
        super().__init__(f"{place} is {found}, where {wanted} belongs" if place else f"is {found}, not {wanted}")
        self.place, self.found, self.wanted = place, found, wanted

    def below(self, place: str) -> "WrongType":
        """Return the same of a tree that itself stands at a place."""
        return WrongType(f"{place}.{self.place}".rstrip("."), self.found, self.wanted)


@dataclass(frozen=True)
class _Metadata:
    name: str
    says: str
    """What holds where the rule is kept."""
    level: EnforcementLevel
    why: str
    """Why it has this level."""
    fix: str
    """What to do about a breach."""
    schema: Mapping[str, dict[str, Any]] = field(default_factory=dict, kw_only=True)
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
    """A rule about each resource by itself."""

    breaches: Callable[[Resource, Bounds], Iterable[str]] = field(kw_only=True)
    """A sentence for each breach."""

    def policy(self) -> Policy:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            for breach in _in_words(self.breaches(args, self.bounds(args.get_config()))):
                report(self.message(breach), None)

        return ResourceValidationPolicy(validate=validate, **self.for_engine())


@dataclass(frozen=True)
class StackRule(_Metadata):
    """A rule about all resources together."""

    breaches: Callable[[Sequence[Resource], Bounds], Iterable[str]] = field(kw_only=True)
    """A sentence for each breach."""

    def policy(self) -> Policy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            for breach in _in_words(self.breaches(args.resources, self.bounds(args.get_config()))):
                report(self.message(breach), None)

        return StackValidationPolicy(validate=validate, **self.for_engine())


def _in_words(breaches: Iterable[str]) -> Iterator[str]:
    """Yield the breaches, and last the wrong type that ended the search for them."""
    try:
        yield from breaches
    except WrongType as error:
        yield str(error)


def strings(default: Sequence[str], description: str) -> dict[str, Any]:
    """The schema of a bound that is a list of strings."""
    return {"type": "array", "items": {"type": "string"}, "default": list(default), "description": description}
