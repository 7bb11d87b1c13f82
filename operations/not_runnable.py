"""The error for a program that is not on PATH, or cannot run on this machine."""

INSTALL = "install it, or source .lab/env"


class NotRunnableError(Exception):
    """A program can't be started; the text is one line: which, why, and what to do."""

    def __init__(self, name: str, problem: OSError) -> None:
        super().__init__(f"{reason(name, problem)}; {INSTALL}")


def reason(name: str, problem: OSError) -> str:
    """Return why a program did not start."""
    if isinstance(problem, FileNotFoundError):
        return f"the command {name} is not on PATH"
    return f"the command {name} can't be run: {problem.strerror}"
