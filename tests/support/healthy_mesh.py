"""A mesh as `pulumi up` leaves it, for tests of the verification, and a test's changes to it."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

from pi_mesh.checks import registry
from pi_mesh.checks.finding import Finding, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import webhooks as crd_check
from pi_mesh.cluster.helm_releases import AppliedRelease, ReleaseRecord
from pi_mesh.cluster.live_objects import ObservedState, Pair
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.cluster.objects import Crd, Deployment, Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import KINDS, Policies, Policy, parse
from pi_mesh.inventory import Inventory, Kind, Release, Workload
from pi_mesh.model import ResourceProfile
from pi_mesh.settings.namespaces import WorkloadNamespace
from tests.support.authorities import make_root
from tests.support.factories import make_mesh
from tests.support.snapshots import installed_mesh, make_snapshot

ROOT = make_root().pem
ISTIOD = "istio-system/istiod"
CREATED = "2026-11-01T12:00:00Z"
"""Time at which `pulumi up` created the policies."""


def make_verification(mesh: Inventory | None = None) -> Observation:
    """Return the input of a verification for an inventory whose every release and object is as it should be."""
    mesh = mesh or make_mesh()
    injected = {one.name: _test_pod(mesh, one) for one in mesh.settings.workload_namespaces}
    pairs = tuple(Pair("", item.manifest, item.manifest) for item in mesh.objects if item.kind != "Namespace")
    releases = tuple(applied_as_asked(release) for release in mesh.releases)
    observed = ObservedState(injected, (*pairs, owned(1, 1)), releases, releases)
    cluster, now = make_snapshot(**_cluster(mesh)), datetime.now(UTC)
    policies = _policies(mesh)
    return Observation(mesh, cluster, live=observed, authority=Authority(ROOT), policies=policies, now=now)


def _test_pod(mesh: Inventory, namespace: WorkloadNamespace) -> Pod:
    sidecar = _container("istio-proxy", mesh.settings.proxy.resources)
    containers = (Container("app"), *((sidecar,) if namespace.own.injection else ()))
    return Pod(namespace.name, "injection-proof", containers=containers)


def applied_as_asked(release: Release) -> AppliedRelease:
    """Return Helm's record of a release that was applied with the settings."""
    return AppliedRelease(release.id, 3, release.version, release.version, release.values)


def pod_of(workload: Workload) -> Pod:
    """Return a pod of a workload, with its profile's resources."""
    labels = dict(workload.selector)
    container = _container("main", workload.resources)
    return Pod(workload.namespace, f"{workload.name}-0", labels, "pi-1", containers=(container,))


def component(name: str) -> Pod:
    """Return a pod of istiod or a gateway, with the profile's resources."""
    return pod_of(next(workload for workload in make_mesh().workloads if workload.name == name))


def owned(wanted: int, live: int | None) -> Pair:
    """Return a Deployment of release istiod with its wanted and its live number of replicas; None: it is gone."""
    meta = {"name": "istiod", "namespace": "istio-system"}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"replicas": wanted}}
    return Pair(ISTIOD, deployment, None if live is None else {**deployment, "spec": {"replicas": live}})


def in_cluster(seen: Observation, **changes: object) -> Observation:
    """Return the input with another snapshot."""
    return replace(seen, snapshot=replace(seen.snapshot, **changes))


def found(seen: Observation, **changes: object) -> Observation:
    """Return the input with another observed state."""
    return replace(seen, live=replace(seen.live, **changes))


def with_policies(seen: Observation, *more: Policy) -> Observation:
    """Return the input with these policies; one with the name of another replaces it."""
    kept = [entry for entry in seen.policies.objects if entry.key not in {policy.key for policy in more}]
    return replace(seen, policies=replace(seen.policies, objects=(*kept, *more)))


def without_policy(seen: Observation, kind: str) -> Observation:
    """Return the input without the policies of a kind."""
    kept = tuple(entry for entry in seen.policies.objects if entry.kind != kind)
    return replace(seen, policies=replace(seen.policies, objects=kept))


def unlisted(seen: Observation, *kinds: str) -> Observation:
    """Return the input of an account that may not list policies of these kinds."""
    return replace(seen, policies=replace(seen.policies, unreadable=kinds))


def run(seen: Observation) -> list[Finding]:
    """Return the findings of the verification, without the checks that make calls."""
    return registry.findings(registry.VERIFY, seen, calls=False)


def problems(seen: Observation) -> list[str]:
    """Return the errors, a line each."""
    return [f"{finding.id}: {finding}" for finding in errors(run(seen))]


def _container(name: str, profile: ResourceProfile) -> Container:
    return Container(name, profile.requests.resources, profile.limits.resources)


def _policies(mesh: Inventory) -> Policies:
    """Return the policies of the settings, as the API server holds them, and the mesh config that the chart writes."""
    kinds = {kind for group in KINDS.values() for kind in group}
    objects = [replace(parse(item.kind, item.manifest), created=CREATED) for item in mesh.objects if item.kind in kinds]
    given = mesh.the(Kind.ISTIOD).values["meshConfig"]
    return Policies(tuple(objects), {"rootNamespace": mesh.settings.istio.namespace, **given})


def _cluster(mesh: Inventory) -> dict[str, tuple]:
    installed = installed_mesh()
    bundle = base64.b64encode(ROOT.encode()).decode()
    crds = (f"{kind}.{group}" for group, kinds in crd_check.KINDS.items() for kind in kinds.split())
    return {
        **installed,
        "deployments": tuple(
            Deployment(one.namespace, one.name, dict(one.selector), f"{one.namespace}/{one.name}")
            for one in mesh.workloads
        ),
        "services": tuple(Service(one.namespace, one.name, ports=(80,)) for one in mesh.workloads),
        "webhooks": tuple(replace(hook, ca_bundle=bundle) for hook in installed["webhooks"]),
        "crds": tuple(Crd(name, "istio-system/istio-base") for name in crds),
        "releases": tuple(ReleaseRecord(one.namespace, one.name, 3) for one in mesh.releases),
        "pods": tuple(pod_of(one) for one in mesh.workloads),
    }


HEALTHY = make_verification()
"""A mesh without findings, for tables of changes to it."""
