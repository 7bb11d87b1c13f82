"""Kubernetes quantities: CPU and memory as a user writes them, and as whole numbers that add up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, total_ordering
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_plain_validator_function, to_string_ser_schema

MI = 2**20
SUFFIXES = {suffix: Fraction(1000) ** power for power, suffix in enumerate(["n", "u", "m", "", *"kMGTPE"], start=-3)}
SUFFIXES |= {f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMGTPE", start=1)}
# Kubernetes keeps quantities in 64 bits: two digits of exponent are more than it can hold.
NOTATION = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)")


@cache  # every pod repeats the same few quantities
def parse(quantity: str) -> Fraction:
    """Return the exact amount of a quantity in any notation of Kubernetes; raise ValueError for other text."""
    # https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    # lightkube's parse_quantity takes 150 ms to import, and knows neither "n", "u" nor "1E3".
    if (match := NOTATION.fullmatch(quantity)) is None:
        raise ValueError(f"{quantity!r} is not a Kubernetes quantity")
    number, exponent, suffix = match.groups()
    return Fraction(number) * (Fraction(10) ** int(exponent) if exponent else SUFFIXES[suffix or ""])


def same_quantity(one: object, other: object) -> bool:
    """Return True if both are quantities of the same amount: the API server writes "1000m" as "1"."""
    try:
        return parse(str(one)) == parse(str(other))
    except ValueError:
        return False


@total_ordering
class Quantity:
    """A quantity of the settings; it compares by amount and prints as it was written."""

    allowed: ClassVar[str]
    pattern: ClassVar[str]

    def __init__(self, text: str) -> None:
        """Raise ValueError for another unit, a sign, or an amount of zero."""
        if re.fullmatch(self.pattern, text) is None or not (amount := parse(text)):
            raise ValueError(f"is not {self.allowed}")
        self.text, self.amount = text, amount

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
    """CPU time: cores ("0.5", "2") or thousandths of a core ("100m"). `amount` is in cores."""

    allowed = 'a CPU quantity such as "100m" or "0.5"'
    pattern = r"([0-9]{1,15}(?:\.[0-9]{1,3}(?!m))?)(m?)"

    @property
    def millicores(self) -> int:
        return int(self.amount * 1000)


class Memory(Quantity):
    """Memory: a whole number of Ki, Mi or Gi; decimal units (M, G) are too easily mistaken. `amount` is in bytes."""

    allowed = 'a memory quantity such as "128Mi" or "2Gi"'
    pattern = r"([0-9]{1,15})(Ki|Mi|Gi)"

    @property
    def bytes(self) -> int:
        return int(self.amount)


@dataclass(frozen=True)
class Resources:
    """CPU in thousandths of a core and memory in bytes: the units in which the scheduler counts."""

    cpu: int
    memory: int

    @classmethod
    def from_kubernetes(cls, quantities: Mapping[str, str] | None) -> Self:
        """Read a live `requests`, `limits` or `allocatable`, rounded up; a missing resource counts as zero."""
        cpu, memory = (parse(str((quantities or {}).get(name, "0"))) for name in ("cpu", "memory"))
        return cls(-(-cpu * 1000 // 1), -(-memory // 1))

    def to_kubernetes(self) -> dict[str, str]:
        """Return both as Kubernetes writes them back: a comparison with the live cluster needs no arithmetic."""
        unit = next((unit for unit in ("Gi", "Mi", "Ki") if self.memory and not self.memory % SUFFIXES[unit]), "")
        return {"cpu": show_cpu(self.cpu), "memory": f"{self.memory // SUFFIXES[unit]}{unit}"}

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(self.cpu + other.cpu, self.memory + other.memory)

    def __sub__(self, other: "Resources") -> "Resources":
        return Resources(self.cpu - other.cpu, self.memory - other.memory)

    def __mul__(self, count: int) -> "Resources":
        return Resources(self.cpu * count, self.memory * count)

    def __str__(self) -> str:
        return f"{show_cpu(self.cpu)} / {show_memory(self.memory)}"

    def shares_of(self, whole: "Resources") -> tuple[float, float]:
        """Return the parts of the whole's CPU and memory, 1.0 being all of it."""
        return self.cpu / whole.cpu, self.memory / whole.memory


ZERO = Resources(0, 0)


def show_cpu(millicores: int) -> str:
    """Write CPU as Kubernetes does: 1500 -> "1500m", 2000 -> "2"."""
    return f"{millicores}m" if millicores % 1000 else str(millicores // 1000)


def show_memory(size: int) -> str:
    """Write bytes in Mi, rounded up: profiles and a Pi's allocatable are in Mi too, so that numbers compare by eye."""
    return f"{-(-size // MI)}Mi"
