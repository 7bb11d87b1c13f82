"""The command `upgrade`: take Istio to a newer version, one minor version after the other."""

from operations.upgrade.upgrade_command import upgrade

__all__ = ["upgrade"]
