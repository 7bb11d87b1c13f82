"""The command `preflight`: check that the stack's mesh can be installed on its cluster."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from operations.command_line import All, Json, Stack, conclude_findings, expected_errors, show_report

if TYPE_CHECKING:
    from pi_mesh.checks.finding import Finding
    from pi_mesh.checks.observation import Observation


def preflight(stack: Stack, as_json: Json = False, everything: All = False) -> None:
    """Check the cluster before anything changes: versions, nodes, kernels, free room, owners and rights.

    The program does the same at every preview and up, but for what takes longer: the objects of the settings are judged
    by istioctl, if it is on PATH, and extra values by charts that are fetched.
    """
    with expected_errors("preflight", stack, as_json):
        from operations import stacks
        from pi_mesh.checks import registry
        from pi_mesh.checks.observe import observe
        from pi_mesh.inventory import chart_lock

        settings, exported = stacks.load_with_state(stack)
        observation = observe(settings, stack, exported, chart_lock.read(stack))
        findings = registry.findings(registry.PREFLIGHT, observation) + _of_distant_charts(observation)
    conclude_findings("preflight", stack, findings, as_json, partial(show_report, everything=everything))


def _of_distant_charts(observation: Observation) -> list[Finding]:
    """Return the findings about extra values for charts of a repository or registry."""
    from operations.charts.lock import ChartUnavailableError, on_this_machine
    from pi_mesh.checks.finding import setting, unknown
    from pi_mesh.checks.preflight.overridden_settings import EXTRA, check_unread

    mesh, findings = observation.mesh, []
    for release in (entry for entry in mesh.releases if entry.extra and not entry.source.is_directory):
        try:
            near = replace(mesh, releases=(on_this_machine(release),))
            findings += check_unread(replace(observation, mesh=near))
        except ChartUnavailableError as problem:
            findings.append(unknown(EXTRA, setting(f"{release.setting}.values"), f"were not judged: {problem}"))
    return findings
