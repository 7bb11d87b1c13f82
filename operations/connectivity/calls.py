"""The calls that the settings ask to pass or to be refused, and the judgement of what each of them showed."""

from collections.abc import Iterator
from dataclasses import dataclass

from operations import plaintext_probe
from operations.connectivity.targets import CLIENT, NAMESPACE, OUTSIDE, SERVER, UNREGISTERED, Target, Way, beyond, peer
from operations.plaintext_probe import Outcome
from operations.plaintext_server import CONTROL, GUARDED
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.cluster.client import Client, Relayed
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.settings import Settings
from pi_mesh.text_parts import first_line

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


def of_pods(settings: Settings, ingress: Target | None) -> Iterator[Call]:
    """Yield the calls of this mesh; none through an ingress gateway that cannot serve it."""
    yield Call("pod to pod", CLIENT, peer(SERVER), SERVER, ROUTES, way=Way.DIRECT)
    if ingress:
        yield Call("in by the ingress gateway", CLIENT, ingress, SERVER, ROUTES, way=Way.INGRESS)
    way = Way.EGRESS if settings.egress.enabled else Way.DIRECT
    yield Call("out to a registered host", CLIENT, beyond("registered", OUTSIDE), OUTSIDE, ROUTES, way=way)
    yield _plain(settings)
    yield Call("denied caller", SERVER, peer(CLIENT), CLIENT, ALLOWS, must_pass=False, refusals=DENIED)
    yield _unregistered(settings)


def _plain(settings: Settings) -> Call:
    strict = settings.mtls.mode == "STRICT"
    fix = "see the checks of mutual TLS in `verify`" if strict else ROUTES
    return Call("plain text", "API server", None, SERVER, fix, must_pass=not strict)


def _unregistered(settings: Settings) -> Call:
    passes = settings.proxy.outbound_traffic == "ALLOW_ANY"
    fix = "`pulumi up --refresh`: the mesh config's outboundTrafficPolicy, or a Sidecar, is not as the settings ask"
    target = beyond("unregistered", UNREGISTERED)
    way = Way.DIRECT if passes else None
    return Call("unregistered host", CLIENT, target, UNREGISTERED, fix, passes, way, NOT_PASSED_ON)


def make(client: Client, call: Call, pods: dict[str, str]) -> tuple[Outcome, str]:
    """Make a call once; `pods` has the names of the pods. Return its outcome, with words or the way of an answer."""
    try:
        if call.target is None:
            return _in_plain_text(client, pods[SERVER])
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pods[call.caller]}:{CONTROL}/proxy{call.target.path}"
        return read(client.relay(path, SECONDS), call.refusals)
    except ClusterUnreachable as problem:
        return Outcome.UNKNOWN, str(problem)


def _in_plain_text(client: Client, pod: str) -> tuple[Outcome, str]:
    control, words = plaintext_probe.call(client, NAMESPACE, pod, CONTROL)
    if control is not Outcome.ANSWERED:
        return Outcome.UNKNOWN, f"the API server does not reach pods ({words})"
    return plaintext_probe.call(client, NAMESPACE, pod, GUARDED)


def read(answer: Relayed, refusals: tuple[int, ...]) -> tuple[Outcome, str]:
    """Return the outcome of a pod's call from the answer that the pod had, or from the API server's own."""
    if message := plaintext_probe.api_server_says(answer.text):
        return Outcome.UNKNOWN, message
    if answer.status == 200 and answer.text in tuple(Way):
        return Outcome.ANSWERED, answer.text
    said = first_line(answer.text).strip()[:LONGEST]
    words = f"status {answer.status}" + (f", {said}" if said else "")
    return (Outcome.REFUSED if answer.status in refusals else Outcome.UNKNOWN), words
