"""Building blocks of the settings: the frozen model, texts that follow a pattern, CPU and memory, resource profiles."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, total_ordering
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core.core_schema import CoreSchema, no_info_plain_validator_function, to_string_ser_schema

from pi_mesh.facts import NAME, SIZE, Harmless, NoHelm, Weaker, differs, model_in
from pi_mesh.quantities import Resources, parse

ALLOWED: dict[str, str] = {}
"""Description of what each pattern allows, for error messages."""


def matching(pattern: str, allowed: str, **more: Any) -> Any:
    """Return a field constraint for the pattern; errors, the reference and editors show `allowed` in its place."""
    ALLOWED[pattern] = allowed
    return Field(pattern=pattern, json_schema_extra={"allowed": allowed}, **more)


def counted_in(unit: str, **bounds: Any) -> Any:
    """Return a number's bounds with its unit, such as "seconds, such as 900", for errors and the reference."""
    return Field(json_schema_extra={"unit": unit}, **bounds)


def spelled(istio: str) -> Any:
    """Return the key of Istio's own object that the field stands for, for the error about a pasted object."""
    return Field(json_schema_extra={"istio": istio})


LOGIN_IN_URL = "has a login in its URL"
"""Beginning of a message beside which the value is not shown."""


def refuse_credentials(url: str) -> None:
    """Raise ValueError for a URL with a login, a query, a fragment, or a way up its path; the value is not shown."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return  # no URL, which other constraints refuse
    if "@" in parts.netloc:
        raise ValueError(f"{LOGIN_IN_URL}, which would stand in git, in the state and in messages; remove it")
    if parts.query or parts.fragment or {".", ".."} & {*parts.path.split("/")}:
        raise ValueError("has a query, a fragment or dots as a folder in its URL; remove them")


def _host_and_port(value: str) -> str:
    refuse_credentials(value)
    try:
        if urlsplit(value).port == 0:
            raise ValueError
    except ValueError:
        raise ValueError("is not a host with a port from 1 to 65535") from None
    return value


Sha256 = Annotated[str, matching(r"^[0-9a-f]{64}$", "a SHA-256 sum of 64 hexadecimal digits")]
VaultAddress = Annotated[
    str,
    matching(r"^https?://[^/\s]+$", 'the address of an API without a path, such as "https://vault.example:8200"'),
    AfterValidator(_host_and_port),
]
"""Address of Vault's API."""

_OBJECT = r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$"
IssuerName = Annotated[str, matching(_OBJECT, "the name of an Issuer: small letters, digits, inner dashes and dots")]
SecretName = Annotated[str, matching(_OBJECT, "the name of a Secret: small letters, digits, inner dashes and dots")]


class Model(BaseModel):
    """A branch of the settings tree. Unknown keys are refused, and values never change after they are read."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        # Schemas are built once for the whole tree, not for each model first: that build is what a preview waits for.
        defer_build=True,
        # YAML's `on`, "2" or 1.0 must not be taken for a boolean, a number or a replica count.
        strict=True,
        allow_inf_nan=False,
    )

    def conflicts(self) -> Iterator[str]:
        """Yield a sentence for each conflict between fields that are valid by themselves."""
        return iter(())

    def all_conflicts(self, path: str = "") -> Iterator[str]:
        """Yield a line for each conflict in this branch and below it, with its config key."""
        for name, key in _branch_fields(type(self)):
            for place, branch in _branches(getattr(self, name), f"{path}.{key}".lstrip(".")):
                yield from branch.all_conflicts(place)
        yield from (f"{path}: {sentence}" if path else sentence for sentence in self.conflicts())


@cache
def _branch_fields(model: type[Model]) -> tuple[tuple[str, str], ...]:
    """Return the name and the config key of each field that holds models."""
    fields = model.model_fields.items()
    return tuple((name, field.alias or name) for name, field in fields if model_in(field.annotation)[1])


def _branches(value: object, path: str) -> Iterator[tuple[str, Model]]:
    """Yield the model of a value, or each model in its map or list, with its config key."""
    entries: Iterable[tuple[str, object]] = [(path, value)]
    if isinstance(value, Mapping):
        entries = ((f"{path}.{key}", entry) for key, entry in value.items())
    elif isinstance(value, tuple):
        entries = ((f"{path}[{index}]", entry) for index, entry in enumerate(value))
    yield from ((place, entry) for place, entry in entries if isinstance(entry, Model))


NamespaceName = Annotated[
    str,
    matching(
        r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
        "at most 63 small letters, digits and inner dashes, beginning with a letter",
    ),
    NAME,
]
"""Name of a Kubernetes namespace. It begins with a letter, because YAML reads digits as a number."""

_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
HOST = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"
LONGEST_HOST = 253
LABEL = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
LabelKey = Annotated[
    str,
    matching(
        rf"^({HOST}/)?{LABEL}$",
        'a label key such as "app" or "app.kubernetes.io/name": at most 63 letters, digits, "-", "_" and "."',
        max_length=LONGEST_HOST + 64,
    ),
]
LabelValue = Annotated[
    str, matching(rf"^({LABEL})?$", 'a label value: at most 63 letters, digits, "-", "_" and "." between the ends')
]

MountPath = Annotated[
    str,
    matching(
        r"^\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*(/\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$",
        'a path of Vault without slashes around it, such as "pki_int"',
    ),
]

Duration = Annotated[str, matching(r"^[1-9][0-9]*(ms|s|m|h)$", 'a time such as "30s" or "500ms"')]

Replicas = Annotated[int, Field(ge=1, le=100), SIZE]
"""Number of a Deployment's pods; zero would take the mesh down silently."""

DrainSeconds = Annotated[
    int, counted_in("seconds, such as 30", ge=1, le=300), Harmless("at least a second in any case")
]
"""Seconds that a stopping proxy keeps serving."""
ListenerDrainSeconds = Annotated[
    int,
    counted_in("seconds, such as 600", ge=1, le=86400),
    Weaker(lambda before, after: (after or 45) > (before or 45), "open connections obey replaced rules for longer"),
]
"""Seconds that a running proxy keeps the connections of a listener that a change replaced; None is Istio's 45."""

PERCENT = counted_in("percent, such as 90", ge=1, le=100)

HelmValues = dict[str, object]
ExtraValues = Annotated[
    HelmValues, NoHelm("it is any value"), Weaker(differs, "values change that no typed setting judges")
]
"""Extra Helm values as written in the stack file."""


@total_ordering
class Quantity:
    """A quantity of the settings. It compares by amount and prints as it was written."""

    allowed: ClassVar[str]
    pattern: ClassVar[str]

    def __init__(self, text: str) -> None:
        """Raise ValueError for another unit, a sign, or an amount of zero."""
        if re.fullmatch(self.pattern, text) is None or not (amount := parse(text)):
            raise ValueError(f"is not {self.allowed}")
        self.text, self.amount = text, amount

    @property
    def unit(self) -> str:
        """Return the suffix as it was written; empty for cores."""
        return self.text.lstrip("0123456789.")

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.amount == other.amount

    def __lt__(self, other: Self) -> bool:
        return self.amount < other.amount

    def __hash__(self) -> int:
        return hash(self.amount)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_plain_validator_function(cls._validated, serialization=to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict:
        return {"type": "string", "pattern": f"^{cls.pattern}$", "allowed": cls.allowed}

    @classmethod
    def _validated(cls, value: object) -> Self:
        if not isinstance(value, cls | str):
            raise ValueError(f"is not {cls.allowed}, in quotes")
        return cls(str(value))


class Cpu(Quantity):
    """CPU time in cores ("0.5", "2") or thousandths of a core ("100m"). `amount` is in cores."""

    allowed = 'a CPU quantity such as "100m" or "0.5"'
    pattern = r"([0-9]{1,15}(?:\.[0-9]{1,3}(?!m))?)(m?)"

    @property
    def millicores(self) -> int:
        return int(self.amount * 1000)


class Memory(Quantity):
    """Memory as a whole number of Ki, Mi or Gi; decimal units (M, G) are too easily confused. `amount` is in bytes."""

    allowed = 'a memory quantity such as "128Mi" or "2Gi"'
    pattern = r"([0-9]{1,15})(Ki|Mi|Gi)"

    @property
    def bytes(self) -> int:
        return int(self.amount)


class Amounts(Model):
    """An amount of CPU and an amount of memory."""

    cpu: Annotated[Cpu, SIZE]
    """CPU, in cores ("0.5") or thousandths of a core ("100m")."""
    memory: Annotated[Memory, SIZE]
    """Memory, in Ki, Mi or Gi ("128Mi")."""

    @property
    def resources(self) -> Resources:
        """Return the amounts as integers that can be added."""
        return Resources(self.cpu.millicores, self.memory.bytes, self.cpu.unit, self.memory.unit)


class ResourceProfile(Model):
    """A container's requests and limits. Both are always set, so that no workload can overload a Pi."""

    requests: Amounts
    limits: Amounts

    def conflicts(self) -> Iterator[str]:
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if request > limit:
                yield f"requests.{name} {request} is above limits.{name} {limit}; a request is at most its limit"

    def to_kubernetes(self) -> dict[str, dict[str, str]]:
        """Return the `resources` of a Kubernetes container."""
        return {"requests": self.requests.resources.to_kubernetes(), "limits": self.limits.resources.to_kubernetes()}


def profile(cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> ResourceProfile:
    """Return a profile from four quantities: the requests, then the limits."""
    return ResourceProfile(
        requests=Amounts(cpu=Cpu(cpu), memory=Memory(memory)),
        limits=Amounts(cpu=Cpu(cpu_limit), memory=Memory(memory_limit)),
    )
