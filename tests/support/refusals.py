"""The refusal of settings, for tests."""

from pi_mesh.settings import SettingsError, parse_any
from tests.support.factories import raw_settings


def refusals(raw: dict | None = None, **overrides: object) -> tuple[str, ...]:
    """Return the lines that refuse such settings, none if they are accepted; `raw` takes the place of the least."""
    try:
        parse_any(raw_settings(**overrides) if raw is None else raw)
    except SettingsError as refused:
        return refused.problems
    return ()


def refusal(**overrides: object) -> str:
    """Return the only line that refuses such settings."""
    (line,) = refusals(**overrides)
    return line
