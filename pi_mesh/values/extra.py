"""Extra Helm values from the stack file: merged last, and never against a typed setting."""

from collections.abc import Iterator, Mapping

from pi_mesh.settings.errors import SettingsError

Values = dict[str, object]

YIELDING = frozenset(
    {
        "global.defaultPodDisruptionBudget.enabled",
        "kiali_feature_flags.certificates_information_indicators.enabled",
        "meshConfig.pathNormalization.normalization",
        "pilot.env.PILOT_TRACE_SAMPLING",
        "rbac.enabled",
    }
)
"""Values that the program chooses and an extra value may choose otherwise: the charts' own way can be had back."""


def merge(typed: Values, extra: Mapping[str, object]) -> Values:
    """Both trees in one; where both say something, they say the same."""
    merged = dict(typed)
    for key, value in extra.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return merged


def contradictions(typed: Values, extra: Mapping[str, object], path: str) -> Iterator[str]:
    """A line for each value that differs from what a typed setting gives; `path` is where `extra` stands."""
    for key in extra.keys() & typed.keys():
        ours, theirs, place = typed[key], extra[key], f"{path}.{key}"
        if isinstance(ours, dict) and isinstance(theirs, Mapping):
            yield from contradictions(ours, theirs, place)
        elif place.partition(".values.")[2] not in YIELDING and ours != theirs:
            yield f"{place}: {theirs!r} contradicts {ours!r}, which typed settings give; change those (docs/config.md)"


def refuse(lines: Iterator[str]) -> None:
    """Raises SettingsError with all the lines, if there are any."""
    if problems := sorted(lines):
        raise SettingsError(problems)
