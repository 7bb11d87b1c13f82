"""One request through the ingress gateway must be answered: a GET of `/` for a host of its listeners."""

import time
from collections.abc import Iterator
from contextlib import suppress

from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.port_forward import Answer, NoAnswerError, forwarded, get_answer
from pi_mesh.names import PROJECT
from pi_mesh.selectors import matches
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import PLAIN_HTTP, IngressListener, Server
from pi_mesh.values.gateway_service import topology
from pi_mesh.values.traffic.gateways import gateway_selector

ID = "request through the gateway"
NO_ROUTE, FAILING = 404, 500
PAUSES = (1.0, 2.0)
"""Seconds before the second and the third attempt."""


def check(observation: Observation) -> Iterator[Finding]:
    """Make the request through a Ready pod of the gateway, by `kubectl port-forward`, and yield what it showed."""
    settings = observation.settings
    if not settings.ingress.enabled or not settings.traffic.gateways:
        return
    subject = Subject("service", f"{settings.ingress_namespace}/{settings.releases.names.ingress}")
    chosen, pod = _listener(settings), _pod(observation)
    if chosen is None:
        reason = "no listener takes HTTP without a client's certificate or the PROXY protocol"
        yield ok(ID, subject, f"was not made: {reason}")
    elif pod is None:
        yield unknown(ID, subject, "was not made: the gateway has no Ready pod")
    else:
        yield _judged(settings, subject, pod, *chosen)


def _listener(settings: Settings) -> tuple[str, IngressListener, Server] | None:
    """Return the listener to ask, by its name, with its port: one without a list of addresses before others."""
    if "proxyProtocol" in topology(settings):
        return None
    asked = [
        (name, listener, server)
        for name, listener in settings.traffic.gateways.items()
        for server in listener.servers
        if server.protocol in PLAIN_HTTP
        or (server.protocol == "HTTPS" and listener.tls and listener.tls.mode == "SIMPLE")
        if server.protocol != "GRPC"
    ]
    return min(asked, key=lambda each: bool(each[1].allow_addresses), default=None)


def _pod(observation: Observation) -> Pod | None:
    settings = observation.settings
    labels = gateway_selector(settings.releases.names.ingress, settings.ingress)
    pods = observation.meshed_pods.get(settings.ingress_namespace, [])
    return next((pod for pod in pods if pod.ready and not pod.ending and matches(labels, pod.labels)), None)


def _host(settings: Settings, name: str, listener: IngressListener) -> str:
    """Return a host of requests that the listener takes, if there is one that a route of the settings leads on."""
    routed = [host for route in settings.traffic.routes.values() if name in route.gateways for host in route.hosts]
    named = (host for host in (*routed, *listener.hosts) if host != "*")
    return next(named, f"{PROJECT}.internal").replace("*", PROJECT)


def _judged(
    settings: Settings, subject: Subject, pod: Pod, name: str, listener: IngressListener, server: Server
) -> Finding:
    host, secure = _host(settings, name, listener), server.protocol == "HTTPS"
    what = f"a GET of {'https' if secure else 'http'}://{host}:{server.number}/"
    try:
        answer = _asked(settings.cluster.context, pod, server.number, host, secure)
    except NoAnswerError as problem:
        fix = f"see `verify --all`: ingress certificates, objects; `kubectl logs -n {pod.namespace} {pod.name}`"
        return error(ID, subject, f"{what} got no answer from pod {pod.name}: {problem}", fix)
    except ClusterUnreachable as problem:
        return unknown(ID, subject, f"was not made: {problem}")
    routed = any(name in route.gateways for route in settings.traffic.routes.values())
    return _answer(subject, what, answer, routed)


def _asked(context: str, pod: Pod, port: int, host: str, secure: bool) -> Answer:
    """Return the answer; a gateway may still learn of a new listener. Raises NoAnswerError, and NotForwardedError."""
    for pause in PAUSES:
        with suppress(NoAnswerError):
            return _once(context, pod, port, host, secure)
        time.sleep(pause)
    return _once(context, pod, port, host, secure)


def _once(context: str, pod: Pod, port: int, host: str, secure: bool) -> Answer:
    with forwarded(context, pod.namespace, f"pod/{pod.name}", port) as address:
        return get_answer(address, host, secure=secure)


def _answer(subject: Subject, what: str, answer: Answer, routed: bool) -> Finding:
    status = answer.status
    message = f"{what} got {status} from {'the service behind the gateway' if answer.from_behind else 'the gateway'}"
    if status >= FAILING:
        fix = "see its log" if answer.from_behind else "see the rows of attached routes: it reaches no endpoint"
        return warning(ID, subject, message, fix, number=status)
    if status == NO_ROUTE and routed and not answer.from_behind:
        fix = "see the rows of objects and attached routes: the gateway knows no route for it"
        return warning(ID, subject, message, fix, number=status)
    return ok(ID, subject, message, number=status)
