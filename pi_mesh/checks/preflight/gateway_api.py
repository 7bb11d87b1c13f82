"""Objects of the Gateway API must be of kinds that this Istio reads, and Gateways within `gatewayApi.mode`."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pi_mesh.catalog.istio import GATEWAY_API, facts_of
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, setting, subject_of, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.gateway_api import gets_pods, served_gateways
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.routes import sidecar_hosts
from pi_mesh.inventory import Inventory, Kind, Workload
from pi_mesh.names import GATEWAY_API as GROUP
from pi_mesh.names import OWNER_ANNOTATION
from pi_mesh.settings.gateway_api import SWITCHES, ApiCrds
from pi_mesh.tree_diff import value_at
from pi_mesh.values.traffic.gateway_api import API, ingress_host
from pi_mesh.words import counted

ID, MODE, PAGE = "gateway API", "gatewayApi.mode", "docs/traffic.md"


def check(observation: Observation) -> Iterator[Finding]:
    """Judge the kinds, the Gateways and the references to Gateways, whoever wrote them."""
    if observation.snapshot.gateway_api is None:
        yield unknown(ID, CLUSTER, "was not judged: its kinds may not be listed", "ask for the right to list them")
        return
    yield from _kinds(observation)
    yield from _outside_the_mode(observation)
    yield from (_with_pods(observation, workload) for workload in observation.mesh.api_gateways)
    yield from _unknown_gateways(observation)


def _kinds(observation: Observation) -> Iterator[Finding]:
    """Yield the kinds that istiod reads, and a finding for each kind in use that it does not read."""
    snapshot, settings = observation.snapshot, observation.settings
    version, asked = settings.istio.version, settings.gateway_api.crds
    installed = [crd for crd in snapshot.crds if crd.name.endswith(f".{GROUP}")]
    crds = {crd.name.partition(".")[0]: crd.version for crd in installed}
    if asked and not observation.live:  # before the `up` that installs them
        crds = {plural: f"v{asked.version}" for plural, _, _ in GATEWAY_API.values()}
        yield from _in_the_way(observation.mesh, installed, asked)
    unread = {kind: reason for kind in GATEWAY_API if (reason := _obstacle(kind, crds, version))}
    own = {entry.kind for entry in observation.mesh.objects if entry.manifest["apiVersion"] == API}
    for kind in sorted(own & unread.keys()) if "crds" not in snapshot.unreadable else ():
        message = f"is gateway, and Istio would not read a {kind}: {unread[kind]}"
        yield error(ID, setting("traffic.api"), message, f"install it: {PAGE}; or set istio")
    if crds:
        objects = Counter(entry.kind for entry in snapshot.gateway_api or ())
        for kind in filter(objects.get, unread):
            message = f"are not read, and the cluster has {counted(objects[kind], 'object')} of them: {unread[kind]}"
            yield warning(ID, Subject(kind), message, f"see {PAGE}", number=objects[kind])
        others = "".join(f"; no {kind}, because {reason}" for kind, reason in unread.items())
        yield ok(ID, CLUSTER, f"has the kinds of the Gateway API that Istio {version} reads{others}", number=len(crds))
    elif (mode := settings.gateway_api.mode) in ("routes", "managed"):
        message = f"is {mode}, and the cluster has no CRDs of the Gateway API: istiod reads none of its objects"
        yield warning(ID, setting(MODE), message, f"install them: {PAGE}")


def _obstacle(kind: str, crds: Mapping[str, str], version: str) -> str:
    """Return why Istio does not read a kind; `crds` has the release of the Gateway API of each CRD, by plural."""
    plural, since, oldest = GATEWAY_API[kind]
    if facts_of(version).minor < since:
        return f"Istio 1.{since} is the first that reads it by default"
    if plural not in crds:
        return "the cluster has no CRD of it"
    if oldest and _numbers(crds[plural])[:2] < oldest:
        needed = ".".join(map(str, oldest))
        return f"its CRD is of {crds[plural] or 'no known release'}, and Istio {version} needs v{needed}"
    return ""


def _in_the_way(mesh: Inventory, crds: Sequence[Crd], asked: ApiCrds) -> Iterator[Finding]:
    """Yield an error if the cluster has CRDs of another owner, or newer ones than the settings ask for."""
    subject = setting("gatewayApi.crds")
    if foreign := [crd for crd in crds if crd.stack != mesh.owner]:
        owner = (foreign[0].release and f"Helm release {foreign[0].release}") or foreign[0].stack
        several, names = counted(len(foreign), "CRD"), " ".join(crd.name for crd in foreign)
        message = f"would replace {several} of {owner or 'an unknown owner'} ({foreign[0].version})"
        give = f", or give them to this stack: `kubectl annotate crd {names} {OWNER_ANNOTATION}={mesh.owner}`"
        yield error(ID, subject, message, f"remove it{'' if owner else give}", number=len(foreign))
    elif newer := [crd for crd in crds if _numbers(crd.version) > _numbers(asked.version)]:
        message = f"is {asked.version}, and the cluster has newer CRDs ({newer[0].version}), whose objects may be lost"
        yield error(ID, subject, message, "set gatewayApi.crds to that release, or a newer one", number=len(newer))


def _numbers(release: str) -> tuple[int, ...]:
    """Return the numbers of a release such as "v1.6.3"; none of an unknown one."""
    return tuple(map(int, re.findall(r"[0-9]+", release)))


def _outside_the_mode(observation: Observation) -> Iterator[Finding]:
    """Yield a finding for each Gateway, and each route of calls within the mesh, that the mode excludes."""
    mode, objects = observation.settings.gateway_api.mode, observation.snapshot.gateway_api or ()
    served = [*served_gateways(observation.snapshot)]
    if mode == "off":
        report = warning if observation.live or _is_off(observation) else error
        fix = f"remove it (this stack's own by an `up` with traffic.api: istio), or set {MODE}: managed"
        for entry in (*served, *filter(sidecar_hosts, objects)):
            message = f"has no effect with {MODE}: off: what it serves ends; {entry.managed}"
            yield report(ID, subject_of(entry), message, fix)
    if mode == "routes":
        home, host = observation.settings.ingress_namespace, ingress_host(observation.settings)
        fix = f"attach its routes to a Gateway in {home} with the address {host} (Hostname): {PAGE}"
        for gateway in filter(gets_pods, served):
            message = f"gets no pods with {MODE}: routes, and pods that it has stay as they are; {gateway.managed}"
            yield warning(ID, subject_of(gateway), message, fix)


def _is_off(observation: Observation) -> bool:
    """Return True if the last `up` switched istiod's controller off already, so that nothing ends now."""
    recorded = observation.state.recorded.get(observation.mesh.the(Kind.ISTIOD).id)
    return recorded is not None and value_at(recorded.values, f"pilot.env.{SWITCHES[0]}") == "false"


def _with_pods(observation: Observation, workload: Workload) -> Finding:
    """Judge the Deployment and the Service that istiod creates for a Gateway."""
    snapshot, subject, profile = observation.snapshot, Subject("deployment", workload.id), workload.resources
    deployment = next((entry for entry in snapshot.deployments if entry.id == workload.id), None)
    service = next((entry for entry in snapshot.services if entry.id == workload.id), None)
    pods = f"{counted(workload.pods, 'pod')} (requests {profile.requests.resources}, limits {profile.limits.resources})"
    message = f"is what istiod creates for {workload.title}: {pods} and a {workload.service_type}"
    reason = f"`kubectl describe -n {workload.namespace} gateways.{GROUP},deploy,pods` has the reason"
    if deployment is None and observation.live:
        return warning(ID, subject, f"{message}; it is missing", reason)
    if deployment and deployment.ready < deployment.wanted:
        return warning(ID, subject, f"{message}; {counted(deployment.ready, 'pod is', 'pods are')} ready", reason)
    if service and service.type == "LoadBalancer" and not service.addresses:
        fix = "set gatewayApi.serviceType: NodePort, or free an address: docs/clusters.md"
        return warning(ID, subject, f"{message}, to which nothing in this cluster gives an address", fix)
    if observation.settings.gateway_api.mode is None:
        fix = f"set {MODE}: managed if such Gateways are welcome, or else routes or off: {PAGE}"
        return warning(ID, subject, f"{message}, and no setting asks for such Gateways", fix)
    return ok(ID, subject, message, number=workload.pods)


def _unknown_gateways(observation: Observation) -> Iterator[Finding]:
    """Yield a warning for each route, and each policy of Istio, that names a Gateway which does not exist."""
    objects = observation.snapshot.gateway_api or ()
    known = {entry.id for entry in objects if entry.kind == "Gateway"}
    for entry in (*objects, *observation.policies.objects):
        for ref in (*entry.parents, *entry.targets):
            id = f"{ref.get('namespace') or entry.namespace}/{ref.get('name')}"
            of_gateway = (ref.get("group", GROUP), ref.get("kind", "Gateway")) == (GROUP, "Gateway")
            if of_gateway and id not in known:
                message = f"names Gateway {id}, which does not exist; {entry.managed}"
                yield warning(ID, subject_of(entry), message, "create the Gateway, or correct the name")
