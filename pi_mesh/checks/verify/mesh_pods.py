"""Every Deployment must have its pods ready, and every Service its address (`kubectl get pods,svc -n istio-system`)."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import cpu_throttling
from pi_mesh.cluster.kubelet import ContainerId
from pi_mesh.inventory import Workload
from pi_mesh.inventory.mesh_releases import gateways
from pi_mesh.words import counted

ID, MEMORY, SERVICES = "mesh pods", "out of memory", "services"


def check(observation: Observation) -> Iterator[Finding]:
    live = {entry.id: entry for entry in observation.snapshot.deployments}
    for release in observation.mesh.releases:
        for workload in release.workloads:
            subject = Subject("deployment", workload.id)
            if (deployment := live.get(workload.id)) is None:
                yield error(ID, subject, "is missing, although Helm has it", observation.restore(release.id))
                continue
            message = f"{deployment.ready} of {deployment.wanted} pods are ready"
            if deployment.wanted == 0 or deployment.ready < deployment.wanted:
                yield error(ID, subject, message, _fix(observation, workload), number=deployment.ready)
            else:
                yield ok(ID, subject, message, number=deployment.ready)
    yield from _memory(observation)


def _fix(observation: Observation, workload: Workload) -> str:
    namespace, name = workload.namespace, workload.name
    mine = [pod for pod in observation.snapshot.pods if workload.has_pod(pod.namespace, pod.labels)]
    if pending := next((pod.name for pod in mine if not pod.node), ""):
        return f"{pending} finds no node: `kubectl describe pod -n {namespace} {pending}`"
    labels = ",".join(f"{key}={value}" for key, value in workload.selector.items())
    return f"`kubectl describe pod -n {namespace} -l {labels}` and `kubectl logs -n {namespace} deploy/{name}`"


def _memory(observation: Observation) -> Iterator[Finding]:
    """Yield a warning for each container that was ended at its memory limit, for example by a wider `sidecarScope`."""
    of_mesh = {entry.id: entry for entry in cpu_throttling.limited_containers(observation)}
    namespaces = {entry.name for entry in observation.mesh.namespaces}
    for pod in observation.snapshot.pods:
        for container in pod.containers:
            limited = of_mesh.get(ContainerId(pod.namespace, pod.name, container.name))
            if container.name in pod.out_of_memory and (limited or pod.namespace in namespaces):
                had_limit = f"was ended at its memory limit of {container.limits.shown_memory}"
                without = "was ended because its node had no memory left: it has no limit of its own"
                why = had_limit if container.limits.memory else without
                message = f"{container.name} {why} ({counted(pod.restarts, 'restart')})"
                fix = limited.remedy("memory") if limited else "raise its limit in the workload's manifest"
                if limited and limited.branch == "proxy":
                    fix += ", or narrow the namespace's sidecarScope"
                yield warning(MEMORY, Subject("pod", pod.id), message, fix, number=pod.restarts)


def check_services(observation: Observation) -> Iterator[Finding]:
    live = {entry.id: entry for entry in observation.snapshot.services}
    addresses = {key: gateway.service.address for key, (_, gateway) in gateways(observation.settings).items()}
    for release in observation.mesh.releases:
        for workload in (workload for workload in release.workloads if workload.service_type):
            subject, service = Subject("service", workload.id), live.get(workload.id)
            asked = addresses.get(workload.setting) or ""
            if service is None:
                yield error(SERVICES, subject, "is gone", observation.restore(release.id))
            elif service.type == "LoadBalancer" and not service.addresses:
                fix = f"set {workload.setting}.service.type: NodePort, or install MetalLB"
                yield warning(SERVICES, subject, "waits for an address, but nothing in this cluster gives one", fix)
            elif service.type == "LoadBalancer" and asked not in ("", *service.addresses):
                fix = f"see the provider's pools, {workload.setting}.service.addressBy, and the Service's events"
                yield warning(SERVICES, subject, f"is at {', '.join(service.addresses)}, and asks for {asked}", fix)
            else:
                address = f" at {', '.join(service.addresses)}" if service.addresses else ""
                yield ok(SERVICES, subject, f"is {service.type}{address}, ports {', '.join(map(str, service.ports))}")
