"""The error for invalid settings of a stack."""

from collections.abc import Iterable

from pi_mesh.counts import counted
from pi_mesh.model.base import Model


class SettingsError(ValueError):
    """The stack's settings are invalid; `problems` has a line for each reason."""

    def __init__(self, problems: Iterable[str], rest: Model | None = None, left_out: Iterable[str] = ()) -> None:
        """Store the problems, together with the valid part of the settings so that other checks can judge it.

        `rest` is the settings without the invalid ones, or None if too little is left. `left_out` has the keys of the
        invalid ones.
        """
        self.problems, self.rest, self.left_out = tuple(problems), rest, tuple(left_out)
        count = counted(len(self.problems), "problem")
        super().__init__("\n".join([f"{count} in the stack's settings:", *(f"  {p}" for p in self.problems)]))
