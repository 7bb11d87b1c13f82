"""The findings of `verify`, which `upgrade` asks for too."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from pi_mesh.checks import registry
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import cpu_throttling, helm_releases
from pi_mesh.cluster import kubelet


def verification_findings(
    observation: Observation, window: int | None = None, options: Sequence[str] = ()
) -> list[Finding]:
    """Return the findings of all checks, with those of CPU throttling over a window of so many seconds."""
    if missing := helm_releases.missing_mesh(observation):
        return missing
    judge = partial(registry.findings, registry.VERIFY, calls=not observation.live.read_only, options=options)
    if window is None:
        return judge(observation)
    context, nodes = observation.settings.cluster.context, cpu_throttling.nodes_to_ask(observation)
    with kubelet.running_window(context, nodes, window) as counted:
        return judge(replace(observation, cpu_window=counted))
