"""The command `repair`: find what a killed `pulumi up` left behind, and clean it up."""

from operations.repair.repair_command import repair

__all__ = ["repair"]
