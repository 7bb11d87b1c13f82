"""During trading hours nothing may restart a proxy, close connections or replace the CA, unless the user allows it."""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pi_mesh.checks import restarts
from pi_mesh.checks.finding import Finding, as_warning, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.ca_state import CA, WantedCa
from pi_mesh.inventory import Kind
from pi_mesh.settings.namespaces import TradingHours

ID, KEY = "trading hours", setting("trading.hours")
VARIABLE = "PI_MESH_IN_TRADING_HOURS"
"""Environment variable that lets one command restart proxies during trading hours."""
ALLOWED = "restart"
NEW_CA = "replaces the CA that signs every certificate"
FIX = f"wait until then, or allow it with {VARIABLE}={ALLOWED}"


def check(observation: Observation) -> Iterator[Finding]:
    """Judge an `up` that would run now."""
    if observation.settings.trading.hours is None:
        return
    effects = list(_effects(observation))
    if not effects:
        yield ok(ID, KEY, "an `up` would restart neither istiod nor a gateway, and close no connection")
        return
    what = f"an `up` {' and '.join(effects)}"
    refused = refused_restart(observation.settings.trading.hours, what, observation.now)
    yield from refused or [ok(ID, KEY, f"{what}, and it is outside of them")]


def _effects(observation: Observation) -> Iterator[str]:
    """Yield the effects of an `up` on a running mesh, each as a verb with its object."""
    forecast = restarts.forecast(observation.mesh, observation.state, observation.snapshot.pods)
    if forecast.restarts:
        yield f"replaces pods of {', '.join(name.partition(' ')[2] for name in forecast.restarts)}"
    if forecast.removed:
        yield f"deletes pods of {', '.join(name.partition(' ')[2] for name in forecast.removed)}"
    if forecast.drains:
        yield f"closes {'; '.join(map(str, forecast.drains))}"
    vault, is_running = observation.settings.vault, observation.mesh.the(Kind.ISTIOD).id in observation.state.recorded
    if vault.enabled and vault.here and is_running and WantedCa(CA, vault).exchanges(observation.state.vault):
        yield NEW_CA


def refused_restart(hours: TradingHours | None, what: str, now: datetime, seconds: float = 0) -> list[Finding]:
    """Return an error for something that restarts proxies during trading hours, or a warning if it was allowed.

    `seconds`: how long it may take, so that it does not reach into them.
    """
    end_of_now = hours and hours.closing(now)
    end = end_of_now or (hours and hours.closing(now + timedelta(seconds=seconds)))
    if hours is None or end is None:
        return []
    goes_on = "goes on" if end_of_now else f"begins at {hours.opens}, before that is over, and goes on"
    message = f"{what}, and trading {goes_on} until {end:%H:%M} on {end:%A} ({hours.time_zone})"
    if os.environ.get(VARIABLE) == ALLOWED:
        return [warning(ID, KEY, message, f"it is allowed by {VARIABLE}")]
    return [error(ID, KEY, message, FIX)]


def shown_only(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of a preview, which restarts nothing: an error of this check becomes a warning."""
    return [as_warning(finding) if finding.id == ID else finding for finding in findings]
