"""Errors of reading a cluster, each with one line for the user."""


class ClusterError(Exception):
    """The cluster cannot be read."""


class ClusterUnreachable(ClusterError):
    """The cluster does not answer, or refuses access."""


class WrongContext(ClusterError):
    """The kubeconfig's current context is not the stack's; `reason` is the line without what to do."""

    def __init__(self, line: str, reason: str = "") -> None:
        super().__init__(line)
        self.reason = reason or line


class UnknownContext(WrongContext):
    """The kubeconfig does not have the stack's context."""


class WrongCluster(WrongContext):
    """The context has the stack's name for it, but leads to another cluster."""


class NotConnected(ClusterUnreachable):
    """No server answers at the cluster's address."""


class Refused(ClusterUnreachable):
    """The API server refused a request; `reason` is its own message."""

    def __init__(self, line: str, reason: str) -> None:
        super().__init__(line)
        self.reason = reason


class Forbidden(Refused):
    """The user of the kubeconfig lacks a right."""
