"""Observability addons: one file holds an addon's settings, its chart and the chart's values.

A new addon is a new file here with one subclass of `Addon`; the settings tree, the inventory and the docs find it.
"""

from importlib import import_module
from pkgutil import iter_modules

from pi_mesh.addons.addon import Addon, MeshContext

__all__ = ["ALL", "Addon", "MeshContext"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

ALL: dict[str, type[Addon]] = {
    kind.name: kind for kind in sorted(Addon.__subclasses__(), key=lambda kind: (len(kind.needs), kind.name))
}
"""The addons by name, in the order of their installation: an addon comes after those that it needs."""
