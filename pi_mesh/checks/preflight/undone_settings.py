"""Extra values, chart sources and rights must not undo what typed settings say."""

from collections.abc import Iterator

from pi_mesh.checks import vault_transport
from pi_mesh.checks.finding import Finding, setting, warning
from pi_mesh.checks.next_version import refused_next
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.settings.sources import is_unprotected
from pi_mesh.values.gateway import serves_certificates
from pi_mesh.values.owned import taken

EXTRA, CHARTS, SECRETS = "extra values", "chart sources", "gateway secrets"


def check(mesh: Inventory, _snapshot: Snapshot | None) -> Iterator[Finding]:
    """Yield the findings that need no cluster."""
    yield from _extra_values(mesh)
    yield from _charts(mesh)
    yield from vault_transport.check(mesh.settings.vault)
    settings = mesh.settings
    beside_the_ca = settings.ingress_namespace == settings.istio.namespace
    if settings.ingress.enabled and serves_certificates(settings) and beside_the_ca:
        yield _gateway_secrets(mesh)


def _extra_values(mesh: Inventory) -> Iterator[Finding]:
    for release in mesh.releases:
        for path, owner in taken(mesh.settings, release.chart, release.name, release.extra):
            message = f"takes over what belongs to {owner}"
            yield refused_next(EXTRA, setting(f"{release.setting}.values.{path}"), message, "remove it")


def _charts(mesh: Inventory) -> Iterator[Finding]:
    for key, source in {release.source_setting: release.source.source for release in mesh.releases}.items():
        if is_unprotected(source):
            message = (
                f"{source} is plain HTTP: an attacker on the network can replace a chart, which the cluster then runs"
            )
            yield refused_next(CHARTS, setting(key), message, "use https://, oci:// or a directory of packaged charts")


def _gateway_secrets(mesh: Inventory) -> Finding:
    home = mesh.settings.istio.namespace
    message = f"has tls, so that the ingress gateway may read every Secret in {home}, the CA's key among them"
    fix = (
        "keep other Secrets out of it; with vault.key: internal no CA key lies there, and a gateway that is not "
        "installed yet can have a namespace of its own, ingress.namespace"
    )
    return warning(SECRETS, setting("traffic.gateways"), message, fix)
