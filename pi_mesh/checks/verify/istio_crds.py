"""The CRDs of Istio's API must exist (`kubectl get crd | grep istio`)."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok
from pi_mesh.checks.observation import Observation
from pi_mesh.inventory import Kind
from pi_mesh.words import agreeing

ID = "istio CRDs"
KINDS = {
    "networking.istio.io": (
        "destinationrules envoyfilters gateways proxyconfigs serviceentries sidecars virtualservices "
        "workloadentries workloadgroups"
    ),
    "security.istio.io": "authorizationpolicies peerauthentications requestauthentications",
    "telemetry.istio.io": "telemetries",
    "extensions.istio.io": "wasmplugins",
}
"""CRDs of every version from 1.20 on."""


def check(observation: Observation) -> Iterator[Finding]:
    expected = {f"{kind}.{group}" for group, kinds in KINDS.items() for kind in kinds.split()}
    missing = sorted(expected - {crd.name for crd in observation.snapshot.crds})
    if missing:
        first, *_ = missing
        verb = agreeing(len(missing), "is", "are")
        message = f"{len(missing)} of {len(expected)} {verb} missing: {', '.join(missing)}"
        restore = observation.restore(observation.mesh.the(Kind.BASE).id)
        yield error(ID, Subject("crd", first), message, restore, number=len(missing))
    else:
        yield ok(ID, CLUSTER, f"all {len(expected)} are there", number=len(expected))
