"""The calls that the settings ask to pass or to be refused, made between two pods until each goes as asked."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from operations import short_lived
from operations.connectivity import namespace, objects
from operations.connectivity.namespace import WHERE
from operations.connectivity.objects import CLIENT, NAMESPACE, OUTSIDE, SERVER, UNREGISTERED, Target, Way
from operations.envoy_server import CONTROL
from operations.failures import UsageError
from operations.results import CallRow, Report, completed
from operations.short_lived import NotReadyError
from operations.verify import plain_text_call
from operations.verify.plain_text_call import Outcome
from pi_mesh import waiting
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.cluster import istiods
from pi_mesh.cluster.client import Client, Relayed
from pi_mesh.cluster.errors import ClusterUnreachable, Forbidden, Refused
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.words import first_line

SECONDS = 6
"""Seconds for one call."""
LONGEST = 120
"""Largest number of characters of an answer that are shown."""
DENIED, NOT_PASSED_ON = (403,), (502,)
"""Statuses of a proxy that refuses a caller, and of one that knows no route for a host (REGISTRY_ONLY, `block_all`). A
503 proves neither: a node may not know a new Service yet."""
ALLOWS = "`kubectl get authorizationpolicy -A`: a policy of the root namespace admits it"
ROUTES = "see `verify`, and the log of the sidecar or gateway on the way"


@dataclass(frozen=True)
class Call:
    """One call of a pod, or of the API server where the target is None."""

    id: str
    caller: str
    target: Target | None
    to: str
    """The called end, in words."""
    fix: str
    must_pass: bool = True
    way: Way | None = None
    """The way by which a call must pass; None for any."""
    refusals: tuple[int, ...] = ()
    """Statuses of an answer that is a proxy's refusal."""

    @property
    def subject(self) -> Subject:
        return Subject("call", f"{self.caller} to {self.to}")

    def is_as_asked(self, outcome: Outcome, words: str) -> bool:
        if not self.must_pass:
            return outcome is Outcome.REFUSED
        return outcome is Outcome.ANSWERED and self.way in (None, words)

    def finding(self, outcome: Outcome, words: str) -> Finding:
        """Return the finding about what the call showed; a refusal that is none is unknown."""
        if self.is_as_asked(outcome, words):
            return ok(self.id, self.subject, f"{'passed' if self.must_pass else 'was refused'} ({words})")
        if self.must_pass:
            return error(self.id, self.subject, f"did not pass as it must: {words}", self.fix)
        if outcome is Outcome.ANSWERED:
            return error(self.id, self.subject, f"passed, and must be refused ({words})", self.fix)
        return unknown(self.id, self.subject, f"was neither answered nor refused: {words}", ROUTES)


def expected_calls(settings: Settings, ingress: Target | None) -> Iterator[Call]:
    """Yield the calls of this mesh; none through an ingress gateway that cannot serve it."""
    yield Call("pod to pod", CLIENT, objects.peer_target(SERVER), SERVER, ROUTES, way=Way.DIRECT)
    if ingress:
        yield Call("in by the ingress gateway", CLIENT, ingress, SERVER, ROUTES, way=Way.INGRESS)
    way = Way.EGRESS if settings.egress.enabled else Way.DIRECT
    registered = objects.outside_target("registered", OUTSIDE)
    yield Call("out to a registered host", CLIENT, registered, OUTSIDE, ROUTES, way=way)
    strict, passes = settings.mtls.mode == "STRICT", settings.proxy.outbound_traffic == "ALLOW_ANY"
    fix = "see the checks of mutual TLS in `verify`" if strict else ROUTES
    yield Call("plain text", "API server", None, SERVER, fix, must_pass=not strict)
    yield Call("denied caller", SERVER, objects.peer_target(CLIENT), CLIENT, ALLOWS, must_pass=False, refusals=DENIED)
    fix = "`pulumi up --refresh`: the mesh config's outboundTrafficPolicy, or a Sidecar, is not as the settings ask"
    target, way = objects.outside_target("unregistered", UNREGISTERED), Way.DIRECT if passes else None
    yield Call("unregistered host", CLIENT, target, UNREGISTERED, fix, passes, way, NOT_PASSED_ON)


def make_call(client: Client, call: Call, pods: dict[str, str]) -> tuple[Outcome, str]:
    """Make a call once; `pods` has the names of the pods. Return its outcome, with words or the way of an answer."""
    try:
        if call.target is None:
            return plain_text_call.call_job(client, NAMESPACE, pods[SERVER])
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pods[call.caller]}:{CONTROL}/proxy{call.target.path}"
        return read_answer(client.relay(path, SECONDS), call.refusals)
    except ClusterUnreachable as problem:
        return Outcome.UNKNOWN, str(problem)


def read_answer(answer: Relayed, refusals: tuple[int, ...]) -> tuple[Outcome, str]:
    """Return the outcome of a pod's call from the answer that the pod had, or from the API server's own."""
    if message := plain_text_call.api_server_says(answer.text):
        return Outcome.UNKNOWN, message
    if answer.status == 200 and answer.text in tuple(Way):
        return Outcome.ANSWERED, answer.text
    said = first_line(answer.text).strip()[:LONGEST]
    words = f"status {answer.status}" + (f", {said}" if said else "")
    return (Outcome.REFUSED if answer.status in refusals else Outcome.UNKNOWN), words


ID = "calls"
WHOLE, GONE = 50, "its Service is gone"
"""Seconds for the whole run but its last call, and the state of a gateway that must be there."""
PATIENCE, OF_REFUSALS, PAUSE = 15, 5, 0.4
"""Seconds in which a call must come to pass, as gateways learn of new objects first, or to be refused, by rules older
than the pods; and seconds between two attempts."""
Say = Callable[[str], object]
CallResult = tuple[CallRow, Finding]


def report_of_calls(settings: Settings, stack: str, cluster: Snapshot, say: Say) -> Report:
    """Make the calls and return their report. Raises UsageError where none can be made, and as `run_calls` does."""
    home, watched = settings.istio.namespace, settings.watched_namespaces
    if not any(pod.namespace == home and istiods.is_serving(pod) for pod in cluster.pods):
        raise UsageError(stack, f"no pod of istiod is Ready in namespace {home}", "install the mesh, or see `verify`")
    if watched is not None and NAMESPACE not in watched:
        message = f"istiod does not watch namespace {NAMESPACE}, in which the calls are made"
        raise UsageError(stack, message, "add it to istio.discovery.also, and run `pulumi up`")
    with Client(settings.cluster.context) as client:
        short_lived.sweep(client)
        made = run_calls(client, settings, stack, say)
    if isinstance(made, Finding):
        return completed("connectivity", stack, [made], calls=())
    return completed("connectivity", stack, (finding for _, finding in made), calls=tuple(row for row, _ in made))


def run_calls(client: Client, settings: Settings, stack: str, say: Say) -> list[CallResult] | Finding:
    """Return each call with its finding, or one finding if none was made. Raises UsageError, and as `Client` does."""
    until = time.monotonic() + WHOLE
    try:
        with namespace.temporary_namespace(client, settings, stack, WHOLE / 3):
            return _call_all(client, settings, stack, say, until)
    except Forbidden:
        raise
    except (NotReadyError, Refused) as problem:
        fix = f"see the events: `kubectl get events -n {NAMESPACE}`, and `verify`"
        return error(ID, WHERE, f"no call was made: {problem}", fix)


def _call_all(client: Client, settings: Settings, stack: str, say: Say, until: float) -> list[CallResult]:
    door, reason = _door(client, settings)
    for manifest in objects.before_the_pods(settings, door.port if door else 0):
        namespace.create_object(client, manifest)
    every = [*expected_calls(settings, door)]
    say(f"two pods start in namespace {NAMESPACE}")
    pods = _pods(client, settings, stack, every, until)
    for manifest in objects.beyond_the_server(settings, pods[SERVER].address):
        namespace.create_object(client, manifest)
    say(f"{len(every)} calls begin")
    names = {name: pod.name for name, pod in pods.items()}
    with ThreadPoolExecutor(max_workers=len(every)) as pool:
        made = list(pool.map(lambda call: _settled(client, call, names, until), every))
    return made if door else [*made, _not_called(reason)]


def _door(client: Client, settings: Settings) -> tuple[Target | None, str]:
    """Return the ingress gateway's address and port for the calls, or None with the reason."""
    port, reason = objects.plain_http_port(settings)
    if not port:
        return None, reason
    path = f"/api/v1/namespaces/{settings.ingress_namespace}/services/{settings.releases.names.ingress}"
    address = ((client.get(path) or {}).get("spec") or {}).get("clusterIP", "")
    return (objects.ingress_target(address, port), "") if address else (None, GONE)


def _pods(client: Client, settings: Settings, stack: str, every: list[Call], until: float) -> dict[str, Pod]:
    """Start both pods and return them when they are Ready. Raises NotReadyError, also for a pod without a sidecar."""
    jobs = {}
    for name in (CLIENT, SERVER):
        targets = [call.target for call in every if call.caller == name and call.target]
        jobs[name] = short_lived.start(client, objects.pod_job(settings, stack, NAMESPACE, name, targets))["name"]
    pods = {name: short_lived.ready(client, NAMESPACE, job, until - time.monotonic()) for name, job in jobs.items()}
    for pod in pods.values():
        if not pod.has_sidecar:
            raise NotReadyError(f"pod {pod.name} has no sidecar")
    return pods


def _settled(client: Client, call: Call, pods: dict[str, str], until: float) -> CallResult:
    """Make a call until it goes as asked, and return what it showed at the end."""
    begun = time.monotonic()
    seconds = min(until - begun, PATIENCE if call.must_pass else OF_REFUSALS)
    outcome, words = waiting.until(
        lambda: make_call(client, call, pods), seconds, PAUSE, done=lambda answer: call.is_as_asked(*answer)
    )
    as_asked = call.is_as_asked(outcome, words)
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


def _not_called(reason: str) -> CallResult:
    """Return the call through an ingress gateway that cannot serve it; one that is gone is an error."""
    call = Call("in by the ingress gateway", CLIENT, objects.peer_target(SERVER), SERVER, "`pulumi up --refresh`")
    if reason == GONE:
        must, right, finding = "pass", False, call.finding(Outcome.UNKNOWN, reason)
    else:
        must, right, finding = "not be made", None, ok(call.id, call.subject, f"was not made: {reason}")
    row = CallRow(call=call.id, caller=call.caller, target=call.to, must=must, seen=reason, right=right, seconds=0)
    return row, finding
