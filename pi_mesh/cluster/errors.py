"""Why a cluster could not be read, in one line each."""


class ClusterError(Exception):
    """The cluster can't be read."""


class ClusterUnreachable(ClusterError):
    """It does not answer, or does not let us in."""


class WrongContext(ClusterError):
    """The kubeconfig points at another cluster than the stack's."""


class WrongCluster(WrongContext):
    """The context has the stack's name for it, and leads to another cluster."""
