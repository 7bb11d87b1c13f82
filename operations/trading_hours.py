"""Trading hours, for an operation that does nothing inside of them."""

from datetime import UTC, datetime

from operations.failures import Exit, OperationError
from pi_mesh.checks.finding import errors
from pi_mesh.checks.preflight.trading_hours import judged
from pi_mesh.settings import CaSettings, Settings


class InTradingHoursError(OperationError):
    """It is within the stack's `trading.hours`, and nobody said that it may be done all the same."""

    status = Exit.PROBLEMS


def refuse(settings: Settings | CaSettings, what: str) -> None:
    """Raise InTradingHoursError within trading hours; `what`: what the operation would do, as a clause."""
    if isinstance(settings, CaSettings):
        return
    for finding in errors(judged(settings, what, datetime.now(UTC))):
        raise InTradingHoursError(finding)
