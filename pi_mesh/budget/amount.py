"""CPU and memory as whole numbers that add up."""

from dataclasses import dataclass
from typing import Self

from pi_mesh.settings.resources import Amounts

KI, MI = 2**10, 2**20


@dataclass(frozen=True)
class Amount:
    """CPU in thousandths of a core, memory in bytes: the units in which the scheduler counts."""

    cpu: int
    memory: int

    @classmethod
    def of(cls, amounts: Amounts) -> Self:
        """The amount of a settings' profile half (its requests or its limits)."""
        return cls(amounts.cpu.millicores, amounts.memory.bytes)

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu + other.cpu, self.memory + other.memory)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu - other.cpu, self.memory - other.memory)

    def __mul__(self, count: int) -> "Amount":
        return Amount(self.cpu * count, self.memory * count)

    def __str__(self) -> str:
        return f"{show_cpu(self.cpu)} / {show_memory(self.memory)}"

    def shares_of(self, whole: "Amount") -> tuple[float, float]:
        """The parts of the whole's CPU and memory, 1.0 being all of it."""
        return self.cpu / whole.cpu, self.memory / whole.memory


ZERO = Amount(0, 0)


def show_cpu(millicores: int) -> str:
    """As Kubernetes writes it: 1500 -> "1500m", 2000 -> "2"."""
    cores, rest = divmod(millicores, 1000)
    return f"{millicores}m" if rest else str(cores)


def show_memory(size: int) -> str:
    """In Mi, the unit of the profiles, rounded up; what a Pi offers is in them too, so that numbers compare by eye."""
    return f"{-(-size // MI)}Mi"
