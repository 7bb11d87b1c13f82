"""Istio's CRDs must exist (`kubectl get crd`), and its injector and validator must be callable, with a valid CA."""

import base64
from collections.abc import Iterator

from cryptography import x509

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.objects import Webhook
from pi_mesh.inventory import Kind
from pi_mesh.words import agreeing

ID = "webhooks"


def check(observation: Observation) -> Iterator[Finding]:
    # cert-manager's webhooks have no server here, and must have none: see `pi_mesh.values.cert_manager`.
    mesh = observation.mesh
    others = {release.id for release in mesh.of_kind(Kind.CERT_MANAGER)}
    mine = [hook for hook in observation.snapshot.webhooks if mesh.owns(hook.release) and hook.release not in others]
    for kind, purpose in (("Mutating", "injects sidecars"), ("Validating", "checks Istio's resources")):
        hooks = [hook for hook in mine if hook.kind == kind]
        if not hooks:
            subject, fix = Subject(f"{kind.lower()} webhook"), observation.restore(mesh.the(Kind.ISTIOD).id)
            yield error(ID, subject, f"none of this mesh is there: nothing {purpose}", fix)
        elif broken := [finding for hook in hooks if (finding := _broken(observation, hook))]:
            yield from broken
        else:
            names = ", ".join(sorted({hook.configuration for hook in hooks}))
            yield ok(ID, Subject(f"{kind.lower()} webhook"), f"{names}: the Service exists, the CA bundle is valid")


def _broken(observation: Observation, hook: Webhook) -> Finding | None:
    subject = Subject(f"{hook.kind.lower()} webhook", hook.configuration)
    istiod = f"-n {observation.settings.istio.namespace} deploy/istiod"
    restart = f"`kubectl rollout restart {istiod}`, which writes it again"
    if hook.service not in {entry.id for entry in observation.snapshot.services}:
        return error(ID, subject, f"calls Service {hook.service}, which is gone", observation.restore(hook.release))
    if not hook.ca_bundle:
        return error(ID, subject, "has no CA bundle: the API server can't call it", restart)
    try:
        certificate, *_ = x509.load_pem_x509_certificates(base64.b64decode(hook.ca_bundle))
    except ValueError:
        return error(ID, subject, "has a CA bundle that is not a certificate", restart)
    if certificate.not_valid_after_utc < observation.now:
        return error(ID, subject, f"has a CA bundle that ended {certificate.not_valid_after_utc:%Y-%m-%d}", restart)
    return None


CRDS = "istio CRDs"
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


def check_crds(observation: Observation) -> Iterator[Finding]:
    expected = {f"{kind}.{group}" for group, kinds in KINDS.items() for kind in kinds.split()}
    missing = sorted(expected - {crd.name for crd in observation.snapshot.crds})
    if missing:
        verb = agreeing(len(missing), "is", "are")
        message = f"{len(missing)} of {len(expected)} {verb} missing: {', '.join(missing)}"
        restore = observation.restore(observation.mesh.the(Kind.BASE).id)
        yield error(CRDS, Subject("crd", missing[0]), message, restore, number=len(missing))
    else:
        yield ok(CRDS, CLUSTER, f"all {len(expected)} are there", number=len(expected))
