"""The mesh's trust as it is read from the cluster."""

from datetime import timedelta

import pytest

from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks.trust import of_cluster
from pi_mesh.cluster.authority import Authority
from tests.support.authorities import make_root

ROOT = make_root().pem


def test_a_cacerts_secret_with_a_root_alone_is_no_traceback():
    try:
        found = of_cluster(Authority(ROOT, {"root-cert.pem": ROOT}))
    except KeyError as error:
        pytest.fail(f"a traceback: {error!r}")
    assert found
    assert not found.external


def test_a_cacerts_secret_without_a_root_is_refused_in_one_line():
    with pytest.raises(CertificateError, match=r"cacerts has no root-cert\.pem"):
        of_cluster(Authority(ROOT, {"ca-cert.pem": ROOT}))


def test_the_lifetimes_of_running_proxies_go_along():
    found = of_cluster(Authority(ROOT, longest_lifetime=timedelta(days=3)))
    assert found
    assert found.longest_lifetime == timedelta(days=3)
