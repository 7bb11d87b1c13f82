"""The observability addons: each off unless asked for, sized for a Pi."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import create_model, model_validator
from pydantic_core import PydanticCustomError

from pi_mesh import addons
from pi_mesh.addons import Addon
from pi_mesh.model.base import Model


class _Observability(Model):
    charts: str | None = None
    """A directory of packaged charts (NAME-VERSION.tgz); if not given each project's own repository."""

    @model_validator(mode="after")
    def addons_have_what_they_need(self) -> Self:
        for name, addon in self.enabled().items():
            for other in addon.needs:
                if other not in self.enabled():
                    raise PydanticCustomError(
                        "addon_needs",
                        "{name} shows what {other} has; set {key}.enabled: true too",
                        {"name": name, "other": other.capitalize(), "key": other},
                    )
        return self

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
