"""The command `preflight`: check that the stack's mesh can be installed on its cluster."""

from functools import partial

from operations import command_line, report, stacks
from operations.command_line import All, Json, Stack, conclude, expected_errors
from pi_mesh.checks import registry
from pi_mesh.checks.observe import observe


def preflight(stack: Stack, as_json: Json = False, everything: All = False) -> None:
    """Check the cluster before anything changes: versions, nodes, kernels, free room, owners and rights.

    The program does the same at every preview and up.
    """
    with expected_errors("preflight", stack, as_json):
        settings, exported = stacks.load_with_state(stack)
        observation = observe(settings, stack, exported)
        done = report.completed("preflight", stack, registry.findings(registry.PREFLIGHT, observation))
    conclude(done, as_json, partial(command_line.show_report, everything=everything))
