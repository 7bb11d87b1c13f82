"""`verify`: is the mesh what the settings say?"""

from datetime import UTC, datetime

from operations import analysis, report, signing, stacks
from operations.command_line import Json, Stack, conclude, expected_errors
from pi_mesh import inventory
from pi_mesh.checks import verify as checks
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster import authority, identity, observed, snapshot
from pi_mesh.settings import Settings


def verify(stack: Stack, as_json: Json = False) -> None:
    """Prove that the mesh is installed, whole, and as the settings say; the exit status is the proof."""
    with expected_errors("verify", stack, as_json):
        settings, exported = stacks.load_with_state(stack)
        seen = read(settings, stack)
        identity.require(settings.cluster, exported().cluster_uid, seen.snapshot.uid)
        findings = [*checks.run(seen), *signing.signed(settings, seen.authority), *analysis.analyze(settings)]
    conclude(report.of("verify", stack, findings), as_json)


def read(settings: Settings, stack: str) -> VerificationInput:
    """Read everything that the checks judge. Raises as `pi_mesh.cluster.snapshot.read` does."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    cluster = snapshot.read(context)
    mesh = inventory.of(settings, stack, bool(cluster.load_balancer))
    records = [cluster.release(release.namespace, release.name) for release in mesh.releases]
    # An adopted namespace keeps its own labels and annotations.
    objects = [item.manifest for item in mesh.objects if not item.adopted]
    seen = observed.read(context, settings.trading.namespace, [record for record in records if record], objects)
    return VerificationInput(mesh, cluster, seen, authority.read(context, namespace), datetime.now(UTC))
