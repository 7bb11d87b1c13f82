"""`verify`: is the mesh what the settings say?"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from operations import analysis, report, signing, stacks
from operations.command_line import Json, Stack, conclude, expected_errors
from pi_mesh import inventory
from pi_mesh.checks import verify as checks
from pi_mesh.checks.verify.differences import needs_defaults
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster import authority, observed, snapshot
from pi_mesh.settings import Settings

ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="Use get and list alone, read no Secret, and say what was not compared.")
]


def verify(stack: Stack, as_json: Json = False, read_only: ReadOnly = False) -> None:
    """Prove that the mesh is installed, whole, and as the settings say; the exit status is the proof."""
    with expected_errors("verify", stack, as_json):
        settings = stacks.load(stack)
        seen = read(settings, stack, read_only)
        findings = checks.run(seen)
        if not read_only:
            findings += [*signing.signed(settings, seen.authority), *analysis.analyze(settings)]
    conclude(report.of("verify", stack, findings), as_json)


def read(settings: Settings, stack: str, read_only: bool = False) -> VerificationInput:
    """Read everything that the checks judge. Raises as `pi_mesh.cluster.snapshot.read` does."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    cluster = snapshot.read(context, read_only=read_only)
    mesh = inventory.of(settings, stack, bool(cluster.load_balancer))
    records = [cluster.release(release.namespace, release.name) for release in mesh.releases]
    # An adopted namespace keeps its own labels and annotations.
    objects = [item.manifest for item in mesh.objects if not item.adopted]
    helms = None if read_only else [record for record in records if record]
    seen = observed.read(settings, helms, objects, needs_defaults)
    certificates = authority.read(context, namespace, secrets=not read_only)
    return VerificationInput(mesh, cluster, seen, certificates, datetime.now(UTC))
