"""The restarts of workloads with a stale proxy: what is asked and waited for before the first, and each in its turn."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from operator import not_

from operations.command_line import Consent
from operations.refresh import rollout
from operations.refresh.rollout import ID, Plan, Restart
from pi_mesh.checks import stale_proxies
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, errors, ok, warning
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.checks.stale_proxies import Older
from pi_mesh.checks.verify.remedies import logs_command
from pi_mesh.checks.verify.running_proxies import disconnected_proxies
from pi_mesh.cluster import proxies, snapshot
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.waiting import until
from pi_mesh.words import counted

CONNECTION_PATIENCE, CONNECTION_PAUSE = 60.0, 2.0
"""Seconds that proxies have to connect to a new istiod before the first restart, and seconds between two looks."""


def wait_for_connections(settings: Settings, say: Callable[[str], object]) -> Iterator[Finding]:
    """Wait until every proxy is connected to istiod, and yield a warning for each that is not in time.

    A proxy without a connection does not learn that a pod ends, and goes on calling it. After a restart of istiod Envoy
    waits up to 30 seconds before it connects again (envoy/config/subscription_factory.h).
    """
    said = 0

    def tell(lost: list[Proxy]) -> None:
        nonlocal said
        if len(lost) != said:
            said = len(lost)
            say(f"waiting until {counted(said, 'proxy is', 'proxies are')} connected to istiod")

    patience = CONNECTION_PATIENCE, CONNECTION_PAUSE
    for proxy in until(lambda: _without_connection(settings), *patience, done=not_, tell=tell):
        message = "is not connected to istiod: it may go on calling pods that a restart took away"
        yield warning(ID, Subject("pod", proxy.id), message, logs_command(proxy.pod))


def _without_connection(settings: Settings) -> list[Proxy]:
    context, namespace = settings.cluster.context, settings.istio.namespace
    return disconnected_proxies(proxies.read(context, namespace, snapshot.read(context), certificates=False))


def restart_stale_workloads(
    settings: Settings, cluster: Snapshot, wait: int, say: Callable[[str], object], consent: Consent
) -> list[Finding]:
    """Restart what is older after the owner's consent, and return what became of each."""
    with Client(settings.cluster.context) as client:
        plan = rollout.restart_plan(client, *_older(settings, cluster))
        hours = _hours(settings, plan, wait)
        if consent.dry_run:
            findings = [*trading_hours.shown_only(hours), *map(_planned, plan.restarts)]
        elif errors(hours):
            findings = hours
        elif not plan.restarts or _is_agreed(plan, consent, say):
            findings = [*hours, *_carried_out(client, settings, plan, wait, say)]
        else:
            findings = [*hours, *map(_not_restarted, plan.restarts)]
    if not plan.restarts and not plan.untouched:
        findings.append(ok(ID, CLUSTER, "every proxy is as istiod injects it now"))
    return [*findings, *plan.untouched]


def _older(settings: Settings, cluster: Snapshot) -> tuple[Proxies, Older]:
    """Return the proxies, and how each stale one differs from a proxy that istiod injects now."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    running = proxies.read(context, namespace, cluster, certificates=False)
    return running, stale_proxies.read(context, namespace, cluster, running)


def _hours(settings: Settings, plan: Plan, wait: float) -> list[Finding]:
    if not plan.restarts:
        return []
    count = counted(len(plan.restarts), "workload")
    return trading_hours.refused_restart(settings.trading.hours, f"refresh restarts {count}", datetime.now(UTC), wait)


def _is_agreed(plan: Plan, consent: Consent, say: Callable[[str], object]) -> bool:
    for restart in plan.restarts:
        say(f"{restart.subject}: {restart.said}")
    return consent.is_given("Restart these workloads, one after the other?")


def _planned(restart: Restart) -> Finding:
    return warning(ID, restart.subject, restart.said, "refresh --yes restarts it", number=len(restart.pods))


def _not_restarted(restart: Restart) -> Finding:
    message = f"was not restarted, for nobody agreed: {restart.said}"
    return error(ID, restart.subject, message, "refresh --yes restarts it", number=len(restart.pods))


def _carried_out(
    client: Client, settings: Settings, plan: Plan, wait: int, say: Callable[[str], object]
) -> Iterator[Finding]:
    """Yield the result for each workload, up to the first that does not become ready."""
    if plan.restarts:
        yield from wait_for_connections(settings, say)
    for number, restart in enumerate(plan.restarts, 1):
        if begun := errors(_hours(settings, plan, wait)):  # looked at before each: twenty workloads take hours
            yield from begun
            return
        say(f"{restart.subject} ({number} of {len(plan.restarts)}): {restart.said}")

        def is_older(workload: Restart) -> bool:
            return workload.subject in {remaining.subject for remaining in _remaining(client, settings)}

        done = rollout.carry_out_restart(client, restart, is_older, wait)
        yield done
        if errors([done]):
            return
    if plan.restarts:
        yield from _still_older(_remaining(client, settings), plan.restarts)


def _remaining(client: Client, settings: Settings) -> tuple[Restart, ...]:
    return rollout.restart_plan(client, *_older(settings, snapshot.read(settings.cluster.context))).restarts


def _still_older(remaining: Iterable[Restart], done: Iterable[Restart]) -> Iterator[Finding]:
    """Yield an error for each workload that is still stale after its restart: another restart would not help."""
    restarted = {restart.subject for restart in done}
    for restart in remaining:
        if restart.subject in restarted:
            message = f"was restarted, and still {restart.said}"
            yield error(ID, restart.subject, message, "see the check of sidecar injection in `verify`")
