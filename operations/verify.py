"""`verify`: is the mesh what the settings say?"""

from datetime import UTC, datetime

from operations import analysis, report, signing, stacks
from operations.command_line import Json, Stack, conclude, expected_errors
from pi_mesh.checks import ownership
from pi_mesh.checks import verify as checks
from pi_mesh.checks.verify.input import Facts
from pi_mesh.cluster import authority, observed, snapshot
from pi_mesh.settings import Settings
from pi_mesh.values import cert_manager, objects, traffic


def verify(stack: Stack, as_json: Json = False) -> None:
    """Prove that the mesh is installed, whole, and as the settings say; the exit status is the proof."""
    with expected_errors("verify", stack, as_json):
        settings = stacks.load(stack)
        facts = read(settings, stack)
        findings = [*checks.run(facts), *signing.signed(settings, facts.authority), *analysis.analyze(settings)]
    conclude(report.of("verify", stack, findings), as_json)


def read(settings: Settings, stack: str) -> Facts:
    """Everything that the checks judge. Raises as `pi_mesh.cluster.snapshot.read` does."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    cluster = snapshot.read(context)
    found = (cluster.release(namespace, name) for name in ownership.expected_releases(settings))
    releases = [release for release in found if release]
    seen = observed.read(context, settings.trading.namespace, releases, _objects(settings, stack))
    return Facts(settings, cluster, seen, authority.read(context, namespace), datetime.now(UTC))


def _objects(settings: Settings, stack: str) -> list[dict]:
    """What the program makes itself; adopted namespaces keep their own labels and annotations."""
    made = [objects.peer_authentication(settings), *objects.bounds(settings)]
    if not settings.istio.adopt:
        made.append(objects.istio_namespace(settings, stack))
    if not settings.trading.adopt:
        made.append(objects.trading_namespace(settings, stack))
    if settings.vault.keyless:
        made += [*cert_manager.rights(settings), cert_manager.issuer(settings, None)]
    return [*made, *(rule for stage in traffic.stages(settings) for rule in stage)]
