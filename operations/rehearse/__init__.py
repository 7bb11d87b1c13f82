"""The command `rehearse`: try the proxy's image on every node, before a release waits for it."""

from operations.rehearse.rehearse_command import rehearse

__all__ = ["rehearse"]
