"""Trees of Helm values: extra values from the stack file, merged last and never against a typed setting."""

from collections.abc import Iterator, Mapping

from pi_mesh.settings.errors import SettingsError

Values = dict[str, object]

YIELDING = frozenset(
    {
        "global.defaultPodDisruptionBudget.enabled",
        "kiali_feature_flags.certificates_information_indicators.enabled",
        "meshConfig.defaultConfig.holdApplicationUntilProxyStarts",
        "meshConfig.pathNormalization.normalization",
        "pilot.env.PILOT_TRACE_SAMPLING",
        "rbac.enabled",
    }
)
"""Paths of values that the program chooses and an extra value may override, back to the charts' own way."""


def merge(typed: Values, extra: Mapping[str, object]) -> Values:
    """Return both trees merged; where both have a value, it is the same."""
    merged = dict(typed)
    for key, value in extra.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return merged


def contradictions(typed: Values, extra: Mapping[str, object], path: str) -> Iterator[str]:
    """Yield a line for each value that differs from a typed setting's; `path` is the place of `extra`."""
    for key in extra.keys() & typed.keys():
        ours, theirs, place = typed[key], extra[key], f"{path}.{key}"
        if isinstance(ours, dict) and isinstance(theirs, Mapping):
            yield from contradictions(ours, theirs, place)
        elif place.partition(".values.")[2] not in YIELDING and ours != theirs:
            yield f"{place}: {theirs!r} contradicts {ours!r}, which typed settings give; change them (docs/config.md)"


def raise_problems(lines: Iterator[str]) -> None:
    """Raise SettingsError with all the lines, if there are any."""
    if problems := sorted(lines):
        raise SettingsError(problems)
