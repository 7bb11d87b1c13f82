"""`verify`: is the mesh what the settings say?"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from operations import analysis, plaintext_probe, report, report_text, signing, stacks
from operations.command_line import All, Json, Stack, conclude, expected_errors
from pi_mesh import inventory
from pi_mesh.checks import verify as checks
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.verify import presence
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster import authority, identity, observed, policies, snapshot
from pi_mesh.cluster.client import Client
from pi_mesh.settings import Settings

Probe = Annotated[bool, typer.Option("--probe", help="Also make the plain-text call that STRICT must refuse.")]


def verify(stack: Stack, as_json: Json = False, everything: All = False, probe: Probe = False) -> None:
    """Prove that the mesh is installed, whole, and as the settings say; the exit status is the proof."""
    with expected_errors("verify", stack, as_json):
        settings, exported = stacks.load_with_state(stack)
        seen = read(settings, stack)
        identity.require(settings.cluster, exported().cluster_uid, seen.snapshot.uid)
        findings = presence.absence(seen) or [*judge(seen), *(plaintext_probe.probe(seen) if probe else ())]
    conclude(report.of("verify", stack, findings), as_json, partial(report_text.show, everything=everything))


def judge(seen: VerificationInput) -> list[Finding]:
    """Return what all checks say; istioctl looks for itself meanwhile."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        analyzed = pool.submit(analysis.analyze, seen.mesh, seen.snapshot)
        return [*checks.run(seen), *signing.signed(seen.settings, seen.authority), *analyzed.result()]


def read(settings: Settings, stack: str) -> VerificationInput:
    """Read everything that the checks judge. Raises as `pi_mesh.cluster.snapshot.read` does."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    cluster = snapshot.read(context)
    mesh = inventory.of(settings, stack, bool(cluster.load_balancer))
    records = [cluster.release(release.namespace, release.name) for release in mesh.releases]
    # An adopted namespace keeps its own labels and annotations.
    objects = [item.manifest for item in mesh.objects if not item.adopted]
    # The client is made before the thread: two threads that read a kubeconfig at once crash msgspec 0.22.
    with Client(context) as client, ThreadPoolExecutor(max_workers=1) as beside:
        istio_policies = beside.submit(policies.read, client, namespace)
        seen = observed.read(context, settings.trading.namespace, [record for record in records if record], objects)
    ca, now = authority.read(context, namespace), datetime.now(UTC)
    return VerificationInput(mesh, cluster, seen, ca, now, istio_policies.result())
