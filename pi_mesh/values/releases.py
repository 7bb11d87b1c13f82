"""The Helm releases of a mesh, whole: components install them, previews render them, checks compare them."""

from collections.abc import Iterator
from dataclasses import dataclass

from pi_mesh.names import BASE, EGRESS, INGRESS, ISTIOD
from pi_mesh.settings import Settings
from pi_mesh.values import base, extra, gateway, istiod
from pi_mesh.values.extra import Values


@dataclass(frozen=True)
class HelmRelease:
    """One release of one of Istio's charts."""

    name: str
    chart: str
    """`base`, `istiod` or `gateway`."""
    values: Values


@dataclass(frozen=True)
class PinnedRelease:
    """One release of a chart that has a version of its own."""

    release: HelmRelease
    version: str
    """The chart's."""
    source: str
    """A chart repository, or a directory of packaged charts."""


@dataclass(frozen=True)
class Releases:
    """All of them, in the order of their installation."""

    base: HelmRelease
    istiod: HelmRelease
    gateways: tuple[HelmRelease, ...]
    """Those that are switched on; independent of each other."""

    def __iter__(self) -> Iterator[HelmRelease]:
        yield from (self.base, self.istiod, *self.gateways)


def of(settings: Settings, load_balancers: bool = False, root: str | None = None) -> Releases:
    """The releases of these settings; `load_balancers`: whether the cluster hands out addresses to services.

    `root`: the PEM of Vault's root, without which an istiod that has its requests signed there does not start.
    Raises SettingsError where extra values contradict typed settings, all of them at once.
    """
    typed = {
        BASE: (base.helm_values(settings), settings.base.values, "base.values"),
        ISTIOD: (istiod.helm_values(settings, root), settings.istio.values, "istio.values"),
    }
    for name, one, path in ((INGRESS, settings.ingress, "ingress"), (EGRESS, settings.egress, "egress")):
        if one.enabled:
            typed[name] = (gateway.helm_values(settings, name, one, load_balancers), one.values, f"{path}.values")
    extra.refuse(line for values, more, path in typed.values() for line in _contradictions(values, more, path))
    merged = {name: extra.merge(values, more) for name, (values, more, _) in typed.items()}
    return Releases(
        HelmRelease(BASE, "base", merged.pop(BASE)),
        HelmRelease(ISTIOD, "istiod", merged.pop(ISTIOD)),
        tuple(HelmRelease(name, "gateway", values) for name, values in merged.items()),
    )


def _contradictions(typed: Values, more: Values, path: str) -> Iterator[str]:
    yield from extra.contradictions(typed, more, path)
    # Since 1.24 istiod's chart reads the keys of `pilot.` at its root too, and the typed ones win silently.
    if isinstance(pilot := typed.get("pilot"), dict):
        yield from extra.contradictions(pilot, more, path)
