"""The command `preflight`: check that the stack's mesh can be installed on its cluster."""

from functools import partial

from operations.command_line import All, Json, Stack, conclude_findings, expected_errors, show_report


def preflight(stack: Stack, as_json: Json = False, everything: All = False) -> None:
    """Check the cluster before anything changes: versions, nodes, kernels, free room, owners and rights.

    The program does the same at every preview and up.
    """
    with expected_errors("preflight", stack, as_json):
        from operations import stacks
        from pi_mesh.checks import preflight as checks
        from pi_mesh.checks.preflight import cut_callers
        from pi_mesh.cluster import identity, settings_objects, snapshot

        settings, exported = stacks.load_with_state(stack)
        cluster = settings_objects.with_settings_objects(snapshot.read(settings.cluster.context), settings)
        state = exported()
        identity.require(settings.cluster, state.cluster_uid, cluster.uid)
        cluster = cut_callers.with_needed_audit(cluster, settings, state)
        mesh = stacks.mesh_on(settings, stack, cluster)
        findings = checks.run(mesh, cluster, state)
    conclude_findings("preflight", stack, findings, as_json, partial(show_report, everything=everything))
