"""The command `verify`: compare the running mesh with the settings."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from operations import (
    analysis,
    cpu_window,
    gateway_request,
    plaintext_probe,
    report,
    report_text,
    running_proxies,
    signing,
    stacks,
)
from operations.command_line import All, Json, Stack, conclude, expected_errors
from operations.failures import UsageError
from pi_mesh.checks import cut_callers
from pi_mesh.checks import verify as checks
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.verify import presence
from pi_mesh.checks.verify.differences import needs_defaults
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster import authority, identity, ingress_certificates, observed, policies, routes, snapshot
from pi_mesh.cluster.client import Client
from pi_mesh.settings import Settings

Probe = Annotated[bool, typer.Option("--probe", help="Also make the plain-text call that STRICT must refuse.")]
ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="Use only get and list, read no Secret, and list what was not compared.")
]
Window = Annotated[
    int, typer.Option("--window", help="Count CPU throttling over so many seconds (30 or more) of the run.", min=0)
]
StackFile = Annotated[
    Path | None,
    typer.Option("--stack-file", help="Take the settings from this file, without Pulumi; the state is not looked at."),
]


def verify(
    stack: Stack,
    as_json: Json = False,
    everything: All = False,
    probe: Probe = False,
    read_only: ReadOnly = False,
    window: Window = 0,
    stack_file: StackFile = None,
) -> None:
    """Prove that the mesh is installed, complete, and as the settings say; the exit status is the proof."""
    with expected_errors("verify", stack, as_json):
        if probe and read_only:
            raise UsageError(stack, "--probe makes a call, which --read-only must not", "use only one of the two")
        settings, exported = stacks.of_file(stack_file) if stack_file else stacks.load_with_state(stack)
        seen = read(settings, stack, read_only=read_only)
        identity.require(settings.cluster, exported().cluster_uid, seen.snapshot.uid)
        findings = presence.absence(seen) or _judged(seen, window, probe=probe, read_only=read_only)
    conclude(report.of("verify", stack, findings), as_json, partial(report_text.show, everything=everything))


def _judged(seen: VerificationInput, window: int, *, probe: bool, read_only: bool) -> list[Finding]:
    with cpu_window.opened(seen) as counted:
        look = checks.run if read_only else judge
        findings = [*look(seen), *(plaintext_probe.probe(seen) if probe else ())]
        return [*findings, *counted.found(seen, window)]


def judge(seen: VerificationInput) -> list[Finding]:
    """Return the findings of all checks; istioctl runs in parallel."""
    with ThreadPoolExecutor() as pool:
        analyzed = pool.submit(analysis.analyze, seen.mesh, seen.snapshot)
        signed = signing.signed(seen.settings, seen.authority)
        return [
            *checks.run(seen),
            *signed,
            *running_proxies.found(seen),
            *gateway_request.made(seen),
            *analyzed.result(),
        ]


def read(settings: Settings, stack: str, *, read_only: bool) -> VerificationInput:
    """Read the input of all checks. Raises as `pi_mesh.cluster.snapshot.read` does."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    cluster = routes.seen(snapshot.read(context, read_only=read_only), settings)
    cluster = cluster if read_only else ingress_certificates.seen(cluster, settings)
    cluster = cut_callers.read(cluster, settings, settings.audited_namespaces)
    mesh = stacks.mesh_on(settings, stack, cluster)
    records = [cluster.release(release.namespace, release.name) for release in mesh.releases]
    # An adopted namespace keeps its own labels and annotations.
    objects = [item.manifest for item in mesh.objects if not item.adopted]
    helms = None if read_only else [record for record in records if record]
    # The client is made before the thread: two threads that read a kubeconfig at once crash msgspec 0.22.
    with Client(context) as client, ThreadPoolExecutor() as beside:
        istio_policies = beside.submit(policies.read, client, namespace)
        seen = observed.read(settings, helms, objects, needs_defaults)
    ca = authority.read(context, namespace, secrets=not read_only, issued=settings.ca.issuer is not None)
    return VerificationInput(mesh, cluster, seen, ca, datetime.now(UTC), istio_policies.result())
