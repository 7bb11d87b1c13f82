"""Extra Helm values must be read by a template of their chart; only charts from a directory are searched."""

from collections.abc import Iterator
from dataclasses import replace

from pi_mesh.checks.finding import Finding, Level, error, setting
from pi_mesh.checks.observation import Observation
from pi_mesh.values import extra_values

ID = "extra values"
FIX = "see the chart's values.yaml for the right name, or remove it"


def check(observation: Observation) -> Iterator[Finding]:
    """Return warnings alone: such a value changes nothing, and a stack that has one may still run `up`."""
    return (replace(finding, level=Level.WARNING) for finding in check_applied(observation))


def check_applied(observation: Observation) -> Iterator[Finding]:
    for release in observation.mesh.releases:
        if not (release.extra and release.source.is_directory):
            continue
        if chart := extra_values.load_chart(release.package):
            for path in extra_values.unread_values(chart, release.extra):
                message = f"no template of the chart {release.chart} {release.version} reads it, so it changes nothing"
                yield error(ID, setting(f"{release.setting}.values.{path}"), message, FIX)
