"""Every route must attach to a gateway with pods, and lead to a service with endpoints, whoever created it."""

from collections import defaultdict
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, subject_of, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.policy_targets import SHOWN, folded, is_of_stack, own_namespaces, remedy, workloads_subject
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.routes import MESH, destinations
from pi_mesh.selectors import matches
from pi_mesh.settings.traffic.names import IN_CLUSTER, takes
from pi_mesh.words import counted, listed

ID = "attached routes"
KINDS = ("VirtualService", "Gateway")


def check(observation: Observation) -> Iterator[Finding]:
    where = workloads_subject(observation)
    unreadable = [kind for kind in KINDS if kind in observation.policies.unreadable]
    if unreadable or {"services", "pods"} & {*observation.snapshot.unreadable}:
        message = "were not judged: not all of their kinds may be listed"
        yield unknown(ID, where, message, "ask for the right to list them")
        return
    routes = observation.policies.of_kind("VirtualService")
    problems = [finding for route in routes for finding in _unattached(observation, route)]
    yield from folded(observation, problems, "attach to no gateway")
    ours = own_namespaces(observation)
    empty = [*_without_endpoints(observation, [route for route in routes if route.namespace in ours])]
    yield from empty
    if routes and not problems and not empty:
        finding, several = "route attaches and leads to endpoints", "routes attach and lead to endpoints"
        yield ok(ID, where, counted(len(routes), finding, several), number=len(routes))


def _unattached(observation: Observation, route: Policy) -> Iterator[Finding]:
    named = [name for name in route.spec.get("gateways") or [] if name != MESH]
    reasons = [reason for name in named if (reason := _obstacle(observation, route, name))]
    if not reasons:
        return
    nowhere = len(reasons) == len(named) and MESH not in (route.spec.get("gateways") or [])
    message = f"{'attaches to no gateway: ' if nowhere else ''}{'; '.join(reasons)}; {route.managed}"
    report = error if is_of_stack(observation, route) else warning
    yield report(ID, subject_of(route), message, remedy(observation, route))


def _obstacle(observation: Observation, route: Policy, name: str) -> str:
    """Return why a route does not attach to a Gateway that it names; empty if it does."""
    home, _, own = name.rpartition("/")
    id = f"{home or route.namespace}/{own}"
    gateway = next((policy for policy in observation.policies.of_kind("Gateway") if policy.id == id), None)
    if gateway is None:
        return f"Gateway {id} does not exist"
    servers, hosts = gateway.spec.get("servers") or [], route.spec.get("hosts") or []
    served = [host.rpartition("/")[2] for server in servers for host in server.get("hosts") or []]
    if strays := [host for host in hosts if not any(_meets(host, listening) for listening in served)]:
        return f"Gateway {id} does not listen for {', '.join(strays)}"
    selector = gateway.spec.get("selector") or {}
    pods = [pod for pods in observation.meshed_pods.values() for pod in pods if matches(selector, pod.labels)]
    return "" if pods or not observation.meshed_pods else f"Gateway {id} selects no running pod"


def _meets(host: str, served: str) -> bool:
    """Return True if requests for a route's host may be among those that a listener takes."""
    if host.startswith("*") and served.startswith("*"):
        end, served_end = host.removeprefix("*"), served.removeprefix("*")
        return end.endswith(served_end) or served_end.endswith(end)
    return takes(host, served) or takes(served, host)


def _without_endpoints(observation: Observation, routes: list[Policy]) -> Iterator[Finding]:
    """Yield a warning for each service to which routes lead and which has no Ready pod, or does not exist."""
    services, pods = {service.host: service for service in observation.snapshot.services}, observation.snapshot.pods
    leading: dict[str, list[str]] = defaultdict(list)
    for route in routes:
        for host in sorted(destinations(route)):
            leading[host].append(route.id)
    for host, names in leading.items():
        by = f"route {names[0]} leads" if len(names) == 1 else f"routes {listed(sorted(names), SHOWN)} lead"
        service = services.get(host)
        if service is None and host.endswith(IN_CLUSTER):
            name, namespace, *_ = host.split(".")
            subject = Subject("service", f"{namespace}/{name}")
            yield warning(ID, subject, f"does not exist, and {by} requests to it", "create it with its workload")
        elif service and service.selector and not any(pod.ready for pod in service.pods_behind(pods)):
            subject = Subject("service", service.id)
            labels = ",".join(f"{key}={value}" for key, value in service.selector.items())
            fix = f"`kubectl get pods -n {service.namespace} -l {labels}`"
            yield warning(ID, subject, f"has no endpoints, and {by} requests to it: they get 503", fix)
