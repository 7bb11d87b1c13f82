"""The change of istio.version in a pull request, judged by the same rule as in `up`."""

from typing import NamedTuple

from operations.preview.checkout import Config
from pi_mesh.checks import version_step
from pi_mesh.names import PROJECT
from pi_mesh.settings import Settings, SettingsError, parse
from pi_mesh.settings.raw import plain_values


class UnsupportedChange(NamedTuple):
    """A change of the version that Istio does not support, in Markdown."""

    verdict: str
    """The change in a few words."""
    effect: str
    """Reason why Istio does not support it, and the path to take."""


def of(base: Config, head: Config) -> UnsupportedChange | None:
    """Return the change; None where the version stays, or where Istio supports the change."""
    before, after = _settings(base), _settings(head)
    if not before or not after:
        return None
    was, becomes = before.istio.version, after.istio.version
    problem = version_step.judged(was, becomes)
    if problem is None:
        return None
    refused = "" if after.istio.allow_skip else ", which `up` refuses"
    verdict = f"**takes Istio from {was} to {becomes}{refused}**"
    return UnsupportedChange(verdict, f"`istio.version` {problem.message}: {problem.fix}.")


def _settings(config: Config) -> Settings | None:
    """Return the settings; None for a new stack, for a stack of the CA alone, and for invalid settings."""
    if f"{PROJECT}:istio" not in config:
        return None
    try:
        return parse(plain_values(config))
    except SettingsError:
        return None
