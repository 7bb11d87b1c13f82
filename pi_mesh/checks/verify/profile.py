"""The live pods carry exactly the resources of the settings, read back from the cluster."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.ownership import component_profiles, is_component
from pi_mesh.checks.verify.input import Facts
from pi_mesh.cluster.pods import SIDECAR, Container
from pi_mesh.settings.resources import ResourceProfile

ID = "resource profile"


def check(facts: Facts) -> Iterator[Finding]:
    settings = facts.settings
    for app, profile in component_profiles(settings).items():
        mine = [pod for pod in facts.snapshot.pods if is_component(settings, pod) and not pod.ending]
        pods = [pod for pod in mine if pod.labels.get("app") == app]
        for pod in pods:
            wrong = deviations(pod.containers[0], profile)
            subject = Subject("pod", f"{pod.namespace}/{pod.name}")
            if wrong:
                yield error(ID, subject, wrong, f"{facts.restore(app)}, or wait for the rollout")
            else:
                yield ok(ID, subject, f"requests {profile.requests.resources}, limits {profile.limits.resources}")
    yield from _sidecars(facts)


def _sidecars(facts: Facts) -> Iterator[Finding]:
    """Those of running workloads keep what they were injected with until their pod is made anew."""
    namespace, profile = facts.settings.trading.namespace, facts.settings.proxy.resources
    pods = [pod for pod in facts.snapshot.pods if pod.namespace == namespace and pod.has_sidecar and not pod.ending]
    count = 0
    for pod in pods:
        sidecar = next(entry for entry in pod.containers if entry.name == SIDECAR)
        if wrong := deviations(sidecar, profile):
            count += 1
            subject = Subject("pod", f"{namespace}/{pod.name}")
            yield error(
                ID, subject, f"sidecar {wrong}", f"`kubectl rollout restart -n {namespace} {_restart(pod.owner)}`"
            )
    if pods and not count:
        yield ok(ID, Subject("namespace", namespace), f"all {len(pods)} sidecars carry the profile", number=len(pods))


def _restart(owner: str) -> str:
    kind, _, name = owner.partition("/")
    return f"deploy/{name.rpartition('-')[0]}" if kind == "ReplicaSet" else owner.lower() or "deploy"


def deviations(container: Container, profile: ResourceProfile) -> str:
    """What differs, in words; empty when nothing does."""
    halves = (("requests", container.requests, profile.requests), ("limits", container.limits, profile.limits))
    wrong = [f"{name} {is_}, not {should.resources}" for name, is_, should in halves if is_ != should.resources]
    return " and ".join(wrong)
