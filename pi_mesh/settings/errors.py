"""The error that says what is wrong with a stack's settings."""

from collections.abc import Iterable


class SettingsError(ValueError):
    """The stack's settings can't be used; `problems` has a line for each reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        super().__init__("\n".join([f"{count} {noun} in the stack's settings:", *(f"  {p}" for p in self.problems)]))
