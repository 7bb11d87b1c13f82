"""Kubernetes quantities as types: CPU in cores, memory in bytes."""

import re
from abc import abstractmethod
from decimal import Decimal
from functools import total_ordering
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema


@total_ordering
class Quantity:
    """A Kubernetes resource quantity; compares by amount, prints as it was written.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """

    units: ClassVar[dict[str, Decimal]]
    allowed: ClassVar[str]
    pattern: ClassVar[str]

    __slots__ = ("amount", "text")

    def __init__(self, text: str) -> None:
        """Raises ValueError for another unit, a sign, or an amount of zero."""
        match = re.fullmatch(self.pattern, text)
        if match is None or not (amount := Decimal(match[1]) * self.units[match[2]]):
            raise ValueError(f"is not {self.allowed}")
        self.text = text
        self.amount = amount

    @property
    @abstractmethod
    def canonical(self) -> str:
        """As Kubernetes would write it back: comparisons with the live cluster need no arithmetic."""

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
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validated, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict:
        return {"type": "string", "pattern": f"^{cls.pattern}$", "allowed": cls.allowed}

    @classmethod
    def _validated(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise ValueError(f"is not {cls.allowed}, in quotes")
        return cls(value)


class Cpu(Quantity):
    """CPU time: cores ("0.5", "2") or thousandths of a core ("100m"). `amount` is in cores."""

    units = {"": Decimal(1), "m": Decimal("0.001")}
    allowed = 'a CPU quantity such as "100m" or "0.5"'
    pattern = r"([0-9]+(?:\.[0-9]{1,3}(?!m))?)(m?)"

    @property
    def millicores(self) -> int:
        return int(self.amount * 1000)

    @property
    def canonical(self) -> str:
        whole, rest = divmod(self.millicores, 1000)
        return f"{self.millicores}m" if rest else str(whole)


class Memory(Quantity):
    """Memory: a whole number of Ki, Mi or Gi; decimal units (M, G) are too easily mistaken. `amount` is in bytes."""

    units = {"Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}
    allowed = 'a memory quantity such as "128Mi" or "2Gi"'
    pattern = r"([0-9]+)(Ki|Mi|Gi)"

    @property
    def bytes(self) -> int:
        return int(self.amount)

    @property
    def canonical(self) -> str:
        unit = max((unit for unit, size in self.units.items() if not self.amount % size), key=self.units.__getitem__)
        return f"{self.bytes // int(self.units[unit])}{unit}"
