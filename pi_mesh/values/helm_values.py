"""Trees of Helm values: extra values from the stack file, merged last and never against a typed setting."""

from collections.abc import Iterator, Mapping
from functools import cache

from pi_mesh.facts import fields_of
from pi_mesh.settings import Settings

Values = dict[str, object]

KIALI_READS_SECRETS = "kiali_feature_flags.certificates_information_indicators.enabled"
"""Value of Kiali's chart that the program chooses and no setting gives."""


@cache
def _yielding() -> frozenset[str]:
    """Return the paths of values that an extra value may override, back to the charts' own way."""
    values = (value for field in fields_of(Settings) for value in field.helm)
    return frozenset({KIALI_READS_SECRETS, *(value.path for value in values if value.yields)})


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
        elif place.partition(".values.")[2] not in _yielding() and ours != theirs:
            yield f"{place}: {theirs!r} contradicts {ours!r}, which typed settings give; change them (docs/config.md)"
