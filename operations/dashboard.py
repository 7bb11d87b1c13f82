"""The command `dashboard`: open a port of a console of the mesh on this machine, until Ctrl-C."""

from __future__ import annotations

import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from operations.command_line import Json, Stack, conclude, expected_errors
from pi_mesh.checks.finding import Finding, Subject, error, ok

if TYPE_CHECKING:
    from pi_mesh.settings import Settings

ID = "dashboard"


class Name(StrEnum):
    """A console: an addon of the stack, istiod, or one proxy's admin interface."""

    KIALI = "kiali"
    GRAFANA = "grafana"
    PROMETHEUS = "prometheus"
    JAEGER = "jaeger"
    ISTIOD = "istiod"
    ENVOY = "envoy"


LOGINS = {
    "kiali": "it asks for a token: `kubectl -n {} create token kiali`",
    "grafana": "user admin; password: `kubectl -n {} get secret grafana -o jsonpath='{{.data.admin-password}}' | "
    "base64 -d`",
    "istiod": "its own pages are at /debug, its metrics at /metrics",
}
"""What an owner needs to know to look at the page; no secret is printed."""

Which = Annotated[Name, typer.Argument(help="An addon of the stack, istiod, or envoy: one proxy's admin interface.")]
Port = Annotated[int, typer.Option("--port", help="The local port; by default any free one.", min=0, max=65535)]
PodName = Annotated[str, typer.Option("--pod", help="For envoy: the proxy's pod, as NAMESPACE/NAME.")]


class Target(NamedTuple):
    """A port in the cluster, as kubectl names it."""

    namespace: str
    resource: str
    port: int


def dashboard(name: Which, stack: Stack, port: Port = 0, pod: PodName = "", as_json: Json = False) -> None:
    """Open a port of Kiali, Grafana, Prometheus, Jaeger, istiod or a proxy on 127.0.0.1, and print its address.

    The port stays open until Ctrl-C; nobody but this machine can reach it. With --json the report is printed as soon as
    the port is open. The status is 1 if the port cannot be opened, or the connection ends by itself.
    """
    with expected_errors("dashboard", stack, as_json):
        from operations import results, stacks
        from pi_mesh.cluster import identity
        from pi_mesh.cluster.client import Client

        settings, exported = stacks.load_with_state(stack)
        target = _target(settings, stack, name, pod)
        with Client(settings.cluster.context) as client:
            identity.require(settings.cluster, exported().cluster_uid, identity.read(client))
        done = results.completed("dashboard", stack, _kept_open(settings, stack, name, target, port, as_json))
    if as_json and not done.findings:  # the report was printed when the port was opened
        raise typer.Exit(done.status)
    conclude(done, as_json)


def _kept_open(settings: Settings, stack: str, name: str, target: Target, port: int, as_json: bool) -> list[Finding]:
    """Keep the port open until Ctrl-C, and return the problem that ended it before."""
    from operations import results
    from operations.failures import handled_signals
    from pi_mesh.cluster.port_forward import NotForwardedError, forwarding

    console, fix = Subject("component", name), f"`python -m operations verify -s {stack}` says why"
    ports = f"{port or ''}:{target.port}"
    try:
        # Whoever reads the address may end the command at once.
        with (
            # Also SIGINT: a shell makes what it starts in the background ignore it.
            handled_signals((signal.SIGINT, signal.SIGTERM), signal.default_int_handler),
            forwarding(settings.cluster.context, target.namespace, target.resource, ports) as (address, kubectl),
        ):
            url = f"http://{address}/"
            if as_json:
                opened = [ok(ID, console, f"{url} is open until Ctrl-C")]
                print(results.completed("dashboard", stack, opened, address=url).model_dump_json(), flush=True)
            else:
                login = LOGINS.get(name, "").format(settings.istio.namespace)
                print(f"{console}: {url} (Ctrl-C ends it)", *filter(None, [login]), sep="\n", flush=True)
            _, errors = kubectl.communicate()  # it also reads the line that kubectl prints for each connection
    except NotForwardedError as problem:
        return [error(ID, console, str(problem), fix)]
    except KeyboardInterrupt:
        return []
    *_, cause = ("kubectl gave no reason", *errors.splitlines())
    return [error(ID, console, f"the connection ended: {cause.strip()}", fix)]


def _target(settings: Settings, stack: str, name: str, pod: str) -> Target:
    """Return the port of a console. Raises UsageError for one that the stack does not have."""
    from operations.failures import UsageError
    from pi_mesh.cluster import proxies
    from pi_mesh.names import ISTIOD, ISTIOD_METRICS

    if (name == Name.ENVOY) != bool(pod):
        raise UsageError(stack, "--pod goes with `dashboard envoy`, and only with it", "name one: --pod NAMESPACE/NAME")
    if name == Name.ENVOY:
        namespace, slash, pod_name = pod.partition("/")
        if not slash:
            raise UsageError(stack, f"--pod {pod} has no namespace", "name it as NAMESPACE/NAME")
        return Target(namespace, f"pod/{pod_name}", proxies.ADMIN_PORT)
    if name == Name.ISTIOD:
        return Target(settings.istio.namespace, f"deployment/{ISTIOD}", ISTIOD_METRICS)
    enabled = settings.observability.enabled()
    if name not in enabled:
        fix = f"set it to true and run `pulumi up -s {stack}`"
        raise UsageError(stack, f"observability.{name}.enabled is false", fix)
    return Target(settings.istio.namespace, f"service/{name}", enabled[name].port)
