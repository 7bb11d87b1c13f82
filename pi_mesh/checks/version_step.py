"""A change of Istio's version must be a step that Istio supports: one minor version at a time in place, and never back.

https://istio.io/latest/docs/setup/upgrade/helm/ and https://istio.io/latest/docs/releases/supported-releases/
"""

from typing import NamedTuple

from pi_mesh.catalog.istio import has_gateway_charts, minor_of

ANYWAY = "`istio.allowSkip: true` takes the step all the same"


class Unsupported(NamedTuple):
    """A change that Istio does not support."""

    message: str
    fix: str
    goes_back: bool


def judged(running: str, wanted: str, *, gateways: bool) -> Unsupported | None:
    """Return why a change from one exact version to another is not supported, and the path to take; None if it is.

    `gateways`: whether the mesh has any; no gateway chart of some minor versions can be installed.
    """
    if _parts(wanted) < _parts(running):
        message = f"goes back from {running} to {wanted}: Istio supports no downgrade"
        return Unsupported(message, f"set {running} or newer; {ANYWAY}", goes_back=True)
    first, last = minor_of(running), minor_of(wanted)
    if last - first <= 1:
        return None
    minors = [minor for minor in range(first + 1, last + 1) if has_gateway_charts(minor) or not gateways]
    message = f"goes from {running} to {wanted} in one step: Istio supports one minor version at a time"
    if not minors or minors[0] > first + 1:
        return Unsupported(message, _over_a_gap(minors, last), goes_back=False)
    path = ", ".join(f"1.{minor}" for minor in minors)
    fix = f"take {path} one after the other, each with `up` and `python -m operations refresh`; {ANYWAY}"
    return Unsupported(message, fix, goes_back=False)


def _over_a_gap(minors: list[int], last: int) -> str:
    """Return the path over minor versions whose gateway charts Helm refuses."""
    nearest, rest = (minors or [last])[0], [f"1.{minor}" for minor in minors[1:]]
    after = f", then {', '.join(rest)} one after the other" if rest else ""
    return (
        "no gateway chart of the minor versions between can be installed (istio/istio#57354): switch the gateways off "
        f"and go through them, or try 1.{nearest} with `istio.allowSkip: true` on another cluster first{after}"
    )


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
