"""The names that a running stack's state still loads: Pulumi keeps a dynamic provider's module path in the state."""

from components.uninstall import UninstallProvider as _Sweeping

__all__ = ["_Sweeping"]
