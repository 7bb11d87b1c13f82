"""A change of Istio's version must be a step that Istio supports: one minor version at a time in place, and never back.

https://istio.io/latest/docs/setup/upgrade/helm/ and https://istio.io/latest/docs/releases/supported-releases/
"""

from typing import NamedTuple

from pi_mesh.catalog.istio import minor_of, numbers_of

ANYWAY = "`istio.allowSkip: true` allows the step anyway"


class Unsupported(NamedTuple):
    """A change of version that Istio does not support."""

    message: str
    fix: str
    goes_back: bool


def judged(running: str, wanted: str) -> Unsupported | None:
    """Return why a change from one exact version to another is not supported, and the path to take; None if it is."""
    if numbers_of(wanted) < numbers_of(running):
        message = f"goes back from {running} to {wanted}: Istio supports no downgrade"
        return Unsupported(message, f"set {running} or newer; {ANYWAY}", goes_back=True)
    steps = minors_between(running, wanted)
    if len(steps) <= 1:
        return None
    message = f"goes from {running} to {wanted} in one step: Istio supports one minor version at a time"
    path = ", ".join(f"1.{minor}" for minor in steps)
    fix = f"`python -m operations upgrade -s STACK --to {wanted}` takes {path} one after the other; {ANYWAY}"
    return Unsupported(message, fix, goes_back=False)


def minors_between(running: str, wanted: str) -> range:
    """Return the minor versions that an upgrade goes through, the wanted one last."""
    return range(minor_of(running) + 1, minor_of(wanted) + 1)
