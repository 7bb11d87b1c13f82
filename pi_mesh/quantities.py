"""Kubernetes quantities: their notations, and CPU and memory as integers that can be added."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Annotated, Self

from pydantic import Field

MI = 2**20
SUFFIXES = {suffix: Fraction(1000) ** power for power, suffix in enumerate(["n", "u", "m", "", *"kMGTPE"], start=-3)}
SUFFIXES |= {f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMGTPE", start=1)}
# Kubernetes keeps quantities in 64 bits, so two digits of exponent are more than it can hold.
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


def same_quantity(quantity: object, other: object) -> bool:
    """Return True if both are quantities of the same amount: the API server writes "1000m" as "1"."""
    try:
        return parse(str(quantity)) == parse(str(other))
    except ValueError:
        return False


@dataclass(frozen=True)
class Resources:
    """CPU in thousandths of a core and memory in bytes, the units in which the scheduler counts.

    The units for display are those in which the amounts were written; they are not part of the amount.
    """

    cpu: int
    memory: int
    cpu_unit: Annotated[str | None, Field(exclude=True)] = field(default=None, compare=False, repr=False)
    memory_unit: Annotated[str | None, Field(exclude=True)] = field(default=None, compare=False, repr=False)

    @classmethod
    def from_kubernetes(cls, quantities: Mapping[str, str] | None) -> Self:
        """Read a live object's `requests`, `limits` or `allocatable`, rounded up; a missing resource counts as zero."""
        cpu, memory = (str((quantities or {}).get(name, "0")) for name in ("cpu", "memory"))
        unit = "Gi" if memory.endswith("Gi") else None  # the kubelet's Ki, and bytes, are shown in Mi
        return cls(-(-parse(cpu) * 1000 // 1), -(-parse(memory) // 1), memory_unit=unit)

    def to_kubernetes(self) -> dict[str, str]:
        """Return both amounts in the notation in which the API server returns them, so that they compare as text."""
        unit = next((unit for unit in ("Gi", "Mi", "Ki") if self.memory and not self.memory % SUFFIXES[unit]), "")
        return {"cpu": show_cpu(self.cpu), "memory": f"{self.memory // SUFFIXES[unit]}{unit}"}

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(self.cpu + other.cpu, self.memory + other.memory, *self._units_with(other))

    def __sub__(self, other: "Resources") -> "Resources":
        return Resources(self.cpu - other.cpu, self.memory - other.memory, *self._units_with(other))

    def __mul__(self, count: int) -> "Resources":
        return replace(self, cpu=self.cpu * count, memory=self.memory * count)

    def __str__(self) -> str:
        return f"{self.shown_cpu} / {self.shown_memory}"

    @property
    def shown_cpu(self) -> str:
        return show_cpu(self.cpu, self.cpu_unit)

    @property
    def shown_memory(self) -> str:
        return show_memory(self.memory, self.memory_unit)

    @property
    def in_words(self) -> str:
        """Return both amounts as words for a sentence, such as "4 CPUs and 3700Mi"."""
        return f"{self.cpu_in_words} and {self.shown_memory}"

    @property
    def cpu_in_words(self) -> str:
        """Return the CPU with its noun, such as "4 CPUs"."""
        return f"{self.shown_cpu} {'CPU' if self.shown_cpu == '1' or self.shown_cpu.endswith('m') else 'CPUs'}"

    def shares_of(self, whole: "Resources") -> tuple[float, float]:
        """Return the fractions of the whole's CPU and memory; 1.0 is all of it."""
        return self.cpu / whole.cpu, self.memory / whole.memory

    def _units_with(self, other: "Resources") -> tuple[str | None, str | None]:
        return _common(self.cpu_unit, other.cpu_unit, "m"), _common(self.memory_unit, other.memory_unit, "Mi")


ZERO = Resources(0, 0)


def show_cpu(millicores: int, unit: str | None = None) -> str:
    """Return CPU in cores (unit "") or thousandths (unit "m"); by default as Kubernetes writes it, such as "1500m"."""
    if unit == "m" or (unit is None and millicores % 1000):
        return f"{millicores}m"
    sign, (whole, rest) = "-" if millicores < 0 else "", divmod(abs(millicores), 1000)
    return f"{sign}{whole}.{rest:03}".rstrip("0").rstrip(".")


def show_memory(size: int, unit: str | None = None) -> str:
    """Return bytes in the given unit if that is exact, else in Mi, rounded up."""
    if unit and not size % SUFFIXES[unit]:
        return f"{size // SUFFIXES[unit]}{unit}"
    return f"{-(-size // MI)}Mi"


def _common(first: str | None, second: str | None, mixed: str) -> str | None:
    """Return the display unit of a sum. None is the unit of an amount that was calculated rather than written."""
    known = {first, second} - {None}
    return mixed if len(known) > 1 else next(iter(known), None)
