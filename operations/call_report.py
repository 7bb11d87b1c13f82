"""The part of the report that `connectivity` fills, one entry for each call."""

from typing import Literal

from pydantic import BaseModel


class CallRow(BaseModel, frozen=True, extra="forbid"):
    """One call between two ends."""

    call: str
    """Name of the call, the same in every run."""
    caller: str
    target: str
    must: Literal["pass", "be refused", "not be made"]
    """What the settings ask for."""
    seen: str
    """What the call showed, or why it was not made."""
    right: bool | None
    """True where the call went as the settings ask; null where it was not made, or proves nothing."""
    seconds: float
    """Seconds until the call went as asked, or was given up."""
