"""The mesh's trust as it is read from the cluster."""

import pytest

from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks.trust import of_cluster
from pi_mesh.cluster.authority import Authority
from tests.support.authorities import make_root

ROOT = make_root().pem


def test_a_cacerts_secret_with_a_root_alone_is_no_traceback():
    try:
        of_cluster(Authority(ROOT, {"root-cert.pem": ROOT}))
    except CertificateError:
        pass
    except KeyError as error:
        pytest.fail(f"a traceback: {error!r}")
