"""`repair`: finds what a killed `pulumi up` left, and clears it away."""

from operations.repair.command import repair

__all__ = ["repair"]
