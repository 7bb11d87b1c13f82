"""The command `adopt`: take over a mesh that Helm or the Ansible role installed."""

from operations.adopt.adopt_command import adopt

__all__ = ["adopt"]
