"""The observability addons: each off unless asked for, sized for a Pi."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import create_model

from pi_mesh import addons
from pi_mesh.addons import Addon
from pi_mesh.model.base import Model
from pi_mesh.settings.sources import ChartSource


class _Observability(Model):
    charts: ChartSource | None = None
    """A directory of packaged charts (NAME-VERSION.tgz); if not given each project's own repository."""

    def conflicts(self) -> Iterator[str]:
        for name, addon in self.enabled().items():
            for other in addon.needs:
                if other not in self.enabled():
                    yield f"{name} shows what {other.capitalize()} has; set {other}.enabled: true too"

    def enabled(self) -> dict[str, Addon]:
        """Return the addons that are switched on by name, in the order of their installation."""
        found: dict[str, Addon] = {name: getattr(self, name) for name in addons.ALL}
        return {name: addon for name, addon in found.items() if addon.enabled}


_FIELDS: dict[str, Any] = {name: (kind, kind()) for name, kind in addons.ALL.items()}  # type: ignore[call-arg]

if TYPE_CHECKING:
    ObservabilitySettings = _Observability
else:
    # A field for each addon, made of what the addons are: a new one needs no line here.
    ObservabilitySettings = create_model(
        "ObservabilitySettings", __base__=_Observability, __doc__="Addons that show the mesh at work.", **_FIELDS
    )
