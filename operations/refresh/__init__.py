"""The command `refresh`: restart workloads with a stale proxy, one at a time."""

from typing import Annotated

import typer

from operations.command_line import Consent, DryRun, Json, Stack, Yes, conclude_findings, expected_errors

Wait = Annotated[int, typer.Option(help="Seconds to wait for each workload.", min=1)]


def refresh(stack: Stack, dry_run: DryRun = False, yes: Yes = False, as_json: Json = False, wait: Wait = 300) -> None:
    """Restart the workloads and gateways whose proxy is older than istiod or was started under older settings.

    The workloads are listed first, and restart after a yes on a terminal or with --yes; without either none restarts.
    Workloads restart one after the other, as `kubectl rollout restart` does, within their disruption budgets. The next
    one begins when the last one is ready. If a workload does not become ready, the command stops, and the next run
    continues there. Pods without a controller are listed and not restarted.
    """
    with expected_errors("refresh", stack, as_json):
        from operations import stacks
        from operations.refresh import restarts

        settings, cluster = stacks.load_with_cluster(stack)
        consent = Consent(f"refresh -s {stack}", yes=yes, dry_run=dry_run, as_json=as_json)
        findings = restarts.restart_stale_workloads(settings, cluster, wait, consent)
    conclude_findings("refresh", stack, findings, as_json)
