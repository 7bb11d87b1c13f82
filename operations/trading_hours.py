"""The refusal of an operation within trading hours."""

from datetime import UTC, datetime

from operations.failures import Exit, OperationError
from pi_mesh.checks.finding import errors
from pi_mesh.checks.preflight.trading_hours import judged
from pi_mesh.settings import CaSettings, Settings


class InTradingHoursError(OperationError):
    """The current time is within the stack's `trading.hours`, and the operation was not confirmed for them."""

    status = Exit.PROBLEMS


def refuse(settings: Settings | CaSettings, what: str) -> None:
    """Raise InTradingHoursError within trading hours; `what` says what the operation would do, as a clause."""
    if isinstance(settings, CaSettings):
        return
    for finding in errors(judged(settings, what, datetime.now(UTC))):
        raise InTradingHoursError(finding)
