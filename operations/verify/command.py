"""The command `verify`: compare the running mesh with the settings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from operations.command_line import All, Json, Stack, conclude_findings, expected_errors, show_report

if TYPE_CHECKING:
    from pi_mesh.checks.finding import Finding
    from pi_mesh.checks.verification_input import VerificationInput
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
        from operations import stacks
        from operations.failures import UsageError
        from pi_mesh.checks.verify import helm_releases
        from pi_mesh.cluster import identity

        if probe and read_only:
            raise UsageError(stack, "--probe makes a call, which --read-only must not", "use only one of the two")
        settings, exported = stacks.of_file(stack_file) if stack_file else stacks.load_with_state(stack)
        seen = read_input(settings, stack, read_only=read_only)
        identity.require(settings.cluster, exported().cluster_uid, seen.snapshot.uid)
        findings = helm_releases.missing_mesh(seen) or _judged(seen, window, probe=probe, read_only=read_only)
    conclude_findings("verify", stack, findings, as_json, partial(show_report, everything=everything))


def _judged(seen: VerificationInput, window: int, *, probe: bool, read_only: bool) -> list[Finding]:
    from operations.verify import cpu_window, plain_text_call
    from pi_mesh.checks import verify as checks

    with cpu_window.running_window(seen) as counted:
        look = checks.run if read_only else all_findings
        findings = [*look(seen), *(plain_text_call.probe_findings(seen) if probe else ())]
        return [*findings, *counted.found(seen, window)]


def all_findings(seen: VerificationInput) -> list[Finding]:
    """Return the findings of all checks; istioctl runs in parallel."""
    from concurrent.futures import ThreadPoolExecutor

    from operations.verify import (
        certificate_issuer,
        configuration_analysis,
        request_through_the_gateway,
        running_proxies,
    )
    from pi_mesh.checks import verify as checks

    with ThreadPoolExecutor() as pool:
        analyzed = pool.submit(configuration_analysis.analyze, seen.mesh, seen.snapshot)
        signed = certificate_issuer.issuer_findings(seen.settings, seen.authority)
        return [
            *checks.run(seen),
            *signed,
            *running_proxies.running_proxy_findings(seen),
            *request_through_the_gateway.gateway_findings(seen),
            *analyzed.result(),
        ]


def read_input(settings: Settings, stack: str, *, read_only: bool) -> VerificationInput:
    """Read the input of all checks. Raises as `pi_mesh.cluster.snapshot.read` does."""
    from concurrent.futures import ThreadPoolExecutor
    from datetime import UTC, datetime

    from operations import stacks
    from pi_mesh.checks.preflight import cut_callers
    from pi_mesh.checks.verification_input import VerificationInput
    from pi_mesh.checks.verify.diff import needs_defaults
    from pi_mesh.cluster import live_objects, mesh_ca, policies, routes, settings_objects, snapshot
    from pi_mesh.cluster.client import Client

    context, namespace = settings.cluster.context, settings.istio.namespace
    cluster = routes.with_routes(snapshot.read(context, read_only=read_only), settings)
    cluster = cluster if read_only else settings_objects.with_ingress_certificates(cluster, settings)
    cluster = cut_callers.with_audit_of(cluster, settings, settings.audited_namespaces)
    mesh = stacks.mesh_on(settings, stack, cluster)
    records = [cluster.release(release.namespace, release.name) for release in mesh.releases]
    # An adopted namespace keeps its own labels and annotations.
    objects = [item.manifest for item in mesh.objects if not item.adopted]
    helms = None if read_only else [record for record in records if record]
    # The client is made before the thread: two threads that read a kubeconfig at once crash msgspec 0.22.
    with Client(context) as client, ThreadPoolExecutor() as beside:
        istio_policies = beside.submit(policies.read, client, namespace)
        seen = live_objects.read(settings, helms, objects, needs_defaults)
    ca = mesh_ca.read_authority(context, namespace, secrets=not read_only, issued=settings.ca.issuer is not None)
    return VerificationInput(mesh, cluster, seen, ca, datetime.now(UTC), istio_policies.result())
