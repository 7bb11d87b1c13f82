"""`preflight`: may this stack's mesh be installed on its cluster?"""

from checks import preflight as checks
from cluster import snapshot
from operations.exits import conclude, one_clear_line
from operations.options import Json, Stack
from operations.report import show
from settings import stack as stacks


def preflight(stack: Stack, as_json: Json = False) -> None:
    """Check the cluster before anything is touched: versions, nodes, kernels, room, owners, rights.

    The program does the same at every preview and up.
    """
    with one_clear_line():
        settings = stacks.load(stack)
        cluster = snapshot.read(settings.cluster.context)
        findings = checks.run(settings, cluster, stack)
    show(f"Preflight of {stack}", findings, as_json)
    conclude(findings)
