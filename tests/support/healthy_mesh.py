"""A mesh as `pulumi up` leaves it, for tests of the verification, and what a test wants otherwise."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

from pi_mesh.checks.finding import errors
from pi_mesh.checks.verify import crds as crd_check
from pi_mesh.checks.verify import run
from pi_mesh.checks.verify.input import Facts
from pi_mesh.cluster.authority import Authority
from pi_mesh.cluster.helm_releases import Release
from pi_mesh.cluster.injection import Injection
from pi_mesh.cluster.objects import Crd, Deployment, Service
from pi_mesh.cluster.observed import Evidence, Pair
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from pi_mesh.values.objects import peer_authentication
from tests.support.authorities import make_root
from tests.support.factories import make_settings
from tests.support.snapshots import installed_mesh, make_snapshot

COMPONENTS = ("istiod", "istio-ingressgateway", "istio-egressgateway")
PROFILE = {"requests": Resources(100, 128 * MI), "limits": Resources(500, 256 * MI)}
SIDECAR = Container("istio-proxy", Resources(50, 128 * MI), Resources(200, 256 * MI))
ROOT = make_root().pem


def make_facts() -> Facts:
    """Everything as the default settings say."""
    injected = Injection(Pod("trading", "injection-proof", containers=(Container("app"), SIDECAR)))
    mtls = peer_authentication(make_settings())
    evidence = Evidence(injected, (Pair("program", mtls, mtls), owned(1, 1)))
    return Facts(make_settings(), make_snapshot(**_mesh()), evidence, Authority(ROOT), datetime.now(UTC))


def component(app: str) -> Pod:
    """A pod of istiod or a gateway, with the profile's resources."""
    return Pod("istio-system", f"{app}-0", {"app": app}, "pi-1", containers=(Container("main", **PROFILE),))


def owned(wanted: int, live: int | None) -> Pair:
    """A Deployment of release istiod with so many replicas wanted, and so many live; None: it is gone."""
    meta = {"name": "istiod", "namespace": "istio-system"}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"replicas": wanted}}
    return Pair("release istiod", deployment, None if live is None else {**deployment, "spec": {"replicas": live}})


def in_cluster(facts: Facts, **changes: tuple) -> Facts:
    """The same with another snapshot."""
    return replace(facts, snapshot=replace(facts.snapshot, **changes))


def found(facts: Facts, **changes: object) -> Facts:
    """The same with other evidence."""
    return replace(facts, evidence=replace(facts.evidence, **changes))


def problems(facts: Facts) -> list[str]:
    """The errors, a line each."""
    return [f"{finding.id}: {finding}" for finding in errors(run(facts))]


def _mesh() -> dict[str, tuple]:
    mesh = installed_mesh()
    bundle = base64.b64encode(ROOT.encode()).decode()
    crds = (f"{kind}.{group}" for group, kinds in crd_check.KINDS.items() for kind in kinds.split())
    return {
        **mesh,
        "deployments": tuple(
            Deployment("istio-system", one, {"app": one}, f"istio-system/{one}") for one in COMPONENTS
        ),
        "services": tuple(Service("istio-system", one, ports=(80,)) for one in COMPONENTS),
        "webhooks": tuple(replace(hook, ca_bundle=bundle) for hook in mesh["webhooks"]),
        "crds": tuple(Crd(name, "istio-system/istio-base") for name in crds),
        "releases": tuple(Release("istio-system", one, 3) for one in ("istio-base", *COMPONENTS)),
        "pods": tuple(component(one) for one in COMPONENTS),
    }
