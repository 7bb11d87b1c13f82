"""Extra Helm values must be read by a template of their chart; only charts from a directory are searched."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.inventory import Inventory
from pi_mesh.values import extra_values

ID = "extra values"
FIX = "see the chart's values.yaml for the right name, or remove it"


def check(observation: Observation) -> Iterator[Finding]:
    """Yield warnings alone: such a value changes nothing, and a stack that has one may still run `up`."""
    for key, message in unread_values(observation.mesh):
        yield warning(ID, setting(key), message, FIX)


def unread_values(mesh: Inventory) -> Iterator[tuple[str, str]]:
    """Yield the config key of each unread value, and the problem in words."""
    for release in mesh.releases:
        if not (release.extra and release.source.is_directory):
            continue
        if chart := extra_values.load_chart(release.package):
            for path in extra_values.unread_values(chart, release.extra):
                message = f"no template of the chart {release.chart} {release.version} reads it, so it changes nothing"
                yield f"{release.setting}.values.{path}", message


def check_applied(observation: Observation) -> Iterator[Finding]:
    for key, message in unread_values(observation.mesh):
        yield error(ID, setting(key), message, FIX)
