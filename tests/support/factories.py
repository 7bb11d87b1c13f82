"""Settings for tests: the required minimum, and a test's overrides."""

import json
from collections.abc import Mapping

from pi_mesh import inventory
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings, parse
from pi_mesh.settings.namespaces import DAYS
from tests.support.versions import NEWEST

STACK = "test"
ALWAYS = {"timeZone": "Europe/Berlin", "opens": "00:00", "closes": "00:00", "days": [*DAYS]}
"""Trading hours without an end."""
LEAST = {"cluster": {"context": "test"}, "istio": {"version": NEWEST}}


def raw_settings(**overrides: object) -> dict[str, object]:
    """Return first-level keys with plain values, as in a stack file; objects are merged into `LEAST`."""
    return _merged(LEAST, overrides)


def make_settings(**overrides: object) -> Settings:
    """Return settings with the defaults, but for the overrides: `make_settings(ingress={"enabled": False})`."""
    return parse(raw_settings(**overrides))


def pulumi_config(**overrides: object) -> dict[str, str]:
    """Return the settings as Pulumi gives them to a program: each key with its project, each object as JSON text."""
    return {f"pi-mesh:{key}": json.dumps(value) for key, value in raw_settings(**overrides).items()}


def make_mesh(load_balancers: bool = False, root: str | None = None, **overrides: object) -> Inventory:
    """Return the inventory of such settings, in the stack of the snapshots."""
    served = ("ingress", "egress") if load_balancers else ()
    return inventory.mesh_inventory(make_settings(**overrides), STACK, served, root)


def _merged(base: Mapping, overrides: Mapping) -> dict:
    both = {**base, **overrides}
    return {
        key: _merged(base[key], value) if isinstance(base.get(key), dict) and isinstance(value, dict) else value
        for key, value in both.items()
    }
