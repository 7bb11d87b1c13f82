"""`preflight`: may this stack's mesh be installed on its cluster?"""

from operations import stacks
from operations.command_line import Json, Stack, conclude, one_clear_line
from operations.report import show
from pi_mesh import inventory
from pi_mesh.checks import preflight as checks
from pi_mesh.cluster import snapshot


def preflight(stack: Stack, as_json: Json = False) -> None:
    """Check the cluster before anything is touched: versions, nodes, kernels, room, owners, rights.

    The program does the same at every preview and up.
    """
    with one_clear_line():
        settings = stacks.load(stack)
        cluster = snapshot.read(settings.cluster.context)
        findings = checks.run(inventory.of(settings, stack, bool(cluster.load_balancer)), cluster)
    show(f"Preflight of {stack}", findings, as_json)
    conclude(findings)
