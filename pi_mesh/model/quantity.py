"""CPU and memory of the settings: typed texts that compare by amount and print as they were written."""

import re
from functools import total_ordering
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_plain_validator_function, to_string_ser_schema

from pi_mesh.quantities import parse


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
    """Memory as a whole number of Ki, Mi or Gi.

    Decimal units (M, G) are too easily confused with them. `amount` is in bytes.
    """

    allowed = 'a memory quantity such as "128Mi" or "2Gi"'
    pattern = r"([0-9]{1,15})(Ki|Mi|Gi)"

    @property
    def bytes(self) -> int:
        return int(self.amount)
