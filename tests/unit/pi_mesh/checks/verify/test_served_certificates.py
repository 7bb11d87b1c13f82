"""The verification's rows about listeners' certificates."""

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify.served_certificates import check
from pi_mesh.cluster.ingress_secrets import IngressCertificates, IngressSecret
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification


def test_a_listener_that_is_not_served_fails_the_verification():
    mesh = make_mesh(traffic={"gateways": {"web": {"tls": {"secret": "shop"}}}})
    missing = IngressCertificates((IngressSecret("shop", there=False),))
    (finding,) = check(in_cluster(make_verification(mesh), ingress_certificates=missing))
    assert (finding.level, finding.name) == (Level.ERROR, "istio-system/shop")
