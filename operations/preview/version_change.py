"""The change of istio.version in a pull request, judged by the rule by which `up` takes or refuses it."""

from operations.preview.checkout import Config
from operations.preview.comparison import Comparison
from pi_mesh.checks import version_step
from pi_mesh.names import PROJECT
from pi_mesh.settings import Settings, SettingsError, parse
from pi_mesh.settings.raw import plain_values


def verdict(found: Comparison) -> str:
    """Return the change in a few words; empty where there is none, or one that Istio supports."""
    before, after = _settings(found.before.config), _settings(found.after.config)
    if not before or not after or _judged(before, after) is None:
        return ""
    taken = "" if after.istio.allow_skip else ", which `up` refuses"
    return f"**takes Istio from {before.istio.version} to {after.istio.version}{taken}**"


def effect(found: Comparison) -> str:
    """Return why Istio does not support it, and the path to take; empty as above."""
    before, after = _settings(found.before.config), _settings(found.after.config)
    problem = _judged(before, after) if before and after else None
    return f"`istio.version` {problem.message}: {problem.fix}." if problem else ""


def _judged(before: Settings, after: Settings) -> version_step.Unsupported | None:
    return version_step.judged(before.istio.version, after.istio.version)


def _settings(config: Config) -> Settings | None:
    """Return the settings; None for a new stack, one of the CA alone, and one that does not parse."""
    if f"{PROJECT}:istio" not in config:
        return None
    try:
        return parse(plain_values(config))
    except SettingsError:
        return None
