"""The verification's findings about istiod's webhooks."""

import base64
from dataclasses import replace

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import webhooks
from pi_mesh.cluster.objects import Webhook
from tests.support.authorities import make_root
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster, problems

INJECTOR, VALIDATOR = HEALTHY.snapshot.webhooks
OWNER = {"service": "cert-manager/webhook", "release": "cert-manager/cert-manager"}
OF_CERT_MANAGER = Webhook("Validating", "x", "webhook.cert-manager.io", **OWNER)
VAULT = make_mesh(vault={"enabled": True, "address": "https://vault.example", "key": "internal"})
GONE = "calls Service old/istiod, which is gone; `helm rollback -n istio-system istiod 3`"
CERT_MANAGER = in_cluster(HEALTHY, webhooks=(INJECTOR, VALIDATOR, OF_CERT_MANAGER))


def injector(pem: str | None = None, **changes: object) -> Observation:
    bundle = {} if pem is None else {"ca_bundle": base64.b64encode(pem.encode()).decode()}
    return in_cluster(HEALTHY, webhooks=(replace(INJECTOR, **bundle, **changes), VALIDATOR))


@table(
    case("as they should be", HEALTHY, "OK the Service exists, the CA bundle is valid"),
    case("no CA", injector(""), "ERROR has no CA bundle"),
    case("no certificate", injector("x"), "ERROR that is not a certificate"),
    case("a CA that has ended", injector(make_root(days=0.5).pem), "ERROR has a CA bundle that ended"),
    case("a Service that is gone", injector(service="old/istiod"), f"ERROR {GONE}"),
    case("no injector", in_cluster(HEALTHY, webhooks=(VALIDATOR,)), "ERROR mutating webhooks: …injects sidecars"),
    case("cert-manager's, which has no server, is not istiod's", replace(CERT_MANAGER, mesh=VAULT), "OK "),
)
def test_the_injector_must_be_callable(observed, line):
    assert_lines(webhooks.check(observed), f"{line}\nOK validating webhooks: ")


def test_a_missing_crd_is_named():
    (problem,) = problems(in_cluster(HEALTHY, crds=HEALTHY.snapshot.crds[1:]))
    assert "1 of 14 is missing: destinationrules.networking.istio.io" in problem
