"""The command `preflight`: check that the stack's mesh can be installed on its cluster."""

from functools import partial

from operations.command_line import All, Json, Stack, conclude_findings, expected_errors, show_report


def preflight(stack: Stack, as_json: Json = False, everything: All = False) -> None:
    """Check the cluster before anything changes: versions, nodes, kernels, free room, owners and rights.

    The program does the same at every preview and up.
    """
    with expected_errors("preflight", stack, as_json):
        from operations import stacks
        from pi_mesh.checks import registry
        from pi_mesh.checks.observe import observe
        from pi_mesh.inventory import chart_lock

        settings, exported = stacks.load_with_state(stack)
        findings = registry.findings(registry.PREFLIGHT, observe(settings, stack, exported, chart_lock.read(stack)))
    conclude_findings("preflight", stack, findings, as_json, partial(show_report, everything=everything))
