"""The run of the calls: two pods in a namespace of their own, each call until it goes as asked or time is up."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from operations import short_lived
from operations.call_report import CallRow
from operations.connectivity import calls, envoy_pods, own_namespace, trial_objects
from operations.connectivity.calls import Call
from operations.connectivity.own_namespace import WHERE
from operations.connectivity.targets import CLIENT, NAMESPACE, SERVER, Target, ingress, ingress_port, peer
from operations.plaintext_probe import Outcome
from operations.short_lived import NotReadyError
from pi_mesh.checks.finding import Finding, error, ok
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Forbidden, Refused
from pi_mesh.cluster.pods import Pod
from pi_mesh.settings import Settings

ID = "calls"
WHOLE, GONE = 50, "its Service is gone"
"""Seconds for the whole run but its last call, and the state of a gateway that must be there."""
PATIENCE, OF_REFUSALS, PAUSE = 15, 5, 0.4
"""Seconds in which a call must come to pass, as gateways learn of new objects first, or to be refused, by rules older
than the pods; and seconds between two attempts."""
Say = Callable[[str], object]
Made = tuple[CallRow, Finding]


def run(client: Client, settings: Settings, stack: str, say: Say) -> list[Made] | Finding:
    """Make the calls and return them with their findings; one finding where none could be made.

    Raises UsageError, and as `Client` does.
    """
    until = time.monotonic() + WHOLE
    try:
        with own_namespace.opened(client, settings, stack, WHOLE / 3):
            return _made(client, settings, stack, say, until)
    except Forbidden:
        raise
    except (NotReadyError, Refused) as problem:
        fix = f"see the events: `kubectl get events -n {NAMESPACE}`, and `verify`"
        return error(ID, WHERE, f"no call was made: {problem}", fix)


def _made(client: Client, settings: Settings, stack: str, say: Say, until: float) -> list[Made]:
    door, reason = _door(client, settings)
    for manifest in trial_objects.before_the_pods(settings, door.port if door else 0):
        own_namespace.create(client, manifest)
    every = [*calls.of_pods(settings, door)]
    say(f"two pods start in namespace {NAMESPACE}")
    pods = _pods(client, settings, stack, every, until)
    for manifest in trial_objects.beyond_the_server(settings, pods[SERVER].address):
        own_namespace.create(client, manifest)
    say(f"{len(every)} calls begin")
    names = {name: pod.name for name, pod in pods.items()}
    with ThreadPoolExecutor(max_workers=len(every)) as pool:
        made = list(pool.map(lambda call: _settled(client, call, names, until), every))
    return made if door else [*made, _not_made(reason)]


def _door(client: Client, settings: Settings) -> tuple[Target | None, str]:
    """Return the ingress gateway's address and port for the calls, or None with the reason."""
    port, reason = ingress_port(settings)
    if not port:
        return None, reason
    path = f"/api/v1/namespaces/{settings.ingress_namespace}/services/{settings.releases.names.ingress}"
    address = ((client.get(path) or {}).get("spec") or {}).get("clusterIP", "")
    return (ingress(address, port), "") if address else (None, GONE)


def _pods(client: Client, settings: Settings, stack: str, every: list[Call], until: float) -> dict[str, Pod]:
    """Start both pods and return them when they are Ready. Raises NotReadyError, also for a pod without a sidecar."""
    jobs = {}
    for name in (CLIENT, SERVER):
        targets = [call.target for call in every if call.caller == name and call.target]
        jobs[name] = short_lived.start(client, envoy_pods.of(settings, stack, NAMESPACE, name, targets))["name"]
    pods = {name: short_lived.ready(client, NAMESPACE, job, until - time.monotonic()) for name, job in jobs.items()}
    for pod in pods.values():
        if not pod.has_sidecar:
            raise NotReadyError(f"pod {pod.name} has no sidecar")
    return pods


def _settled(client: Client, call: Call, pods: dict[str, str], until: float) -> Made:
    """Make a call until it goes as asked, and return what it showed at the end."""
    begun = time.monotonic()
    last = min(until, begun + (PATIENCE if call.must_pass else OF_REFUSALS))
    while True:
        outcome, words = calls.make(client, call, pods)
        as_asked = call.is_as_asked(outcome, words)
        if as_asked or time.monotonic() > last:
            break
        time.sleep(PAUSE)
    clear = as_asked or call.must_pass or outcome is Outcome.ANSWERED
    row = CallRow(
        call=call.id,
        caller=call.caller,
        target=call.to,
        must="pass" if call.must_pass else "be refused",
        seen=words,
        right=as_asked if clear else None,
        seconds=round(time.monotonic() - begun, 1),
    )
    return row, call.finding(outcome, words)


def _not_made(reason: str) -> Made:
    """Return the call through an ingress gateway that cannot serve it; one that is gone is an error."""
    call = Call("in by the ingress gateway", CLIENT, peer(SERVER), SERVER, "`pulumi up --refresh`")
    if reason == GONE:
        must, right, finding = "pass", False, call.finding(Outcome.UNKNOWN, reason)
    else:
        must, right, finding = "not be made", None, ok(call.id, call.subject, f"was not made: {reason}")
    row = CallRow(call=call.id, caller=call.caller, target=call.to, must=must, seen=reason, right=right, seconds=0)
    return row, finding
