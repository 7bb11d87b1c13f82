"""The error that says what is wrong with a stack's settings."""

from collections.abc import Iterable

from pi_mesh.model.base import Model


class SettingsError(ValueError):
    """The stack's settings can't be used; `problems` has a line for each reason."""

    def __init__(self, problems: Iterable[str], rest: Model | None = None, left_out: Iterable[str] = ()) -> None:
        """Take what is right about the settings as well, so that it can be judged further.

        `rest`: the settings without what is wrong, where that is enough; `left_out`: the keys of what is wrong.
        """
        self.problems, self.rest, self.left_out = tuple(problems), rest, tuple(left_out)
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        super().__init__("\n".join([f"{count} {noun} in the stack's settings:", *(f"  {p}" for p in self.problems)]))
