"""The verification's findings about the mesh's certificates."""

from dataclasses import replace

import pytest

from pi_mesh.certificates import pem
from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify.mesh_certificates import end_of
from pi_mesh.cluster.mesh_ca import Authority
from tests.support.authorities import NOW, make_ca, make_root
from tests.support.factories import make_mesh, make_settings
from tests.support.healthy_mesh import problems, run


def test_a_root_near_its_end_is_a_problem(healthy):
    late = replace(healthy, authority=Authority(make_root(days=5).pem))
    assert any("in less than 7 days" in problem for problem in problems(late))


def test_no_root_at_all_is_a_problem(healthy):
    (problem,) = problems(replace(healthy, authority=Authority()))
    assert "istio-ca-root-cert: is not there" in problem


def test_a_root_that_is_no_certificate_is_a_problem(healthy):
    assert any("mesh certificates" in problem for problem in problems(replace(healthy, authority=Authority("no PEM"))))


def test_a_signing_ca_near_its_end_is_a_problem_with_its_remedy(healthy):
    vault = {"enabled": True, "address": "http://127.0.0.1:8200"}
    late = Authority(make_root().pem, {"ca-cert.pem": make_root(days=5).pem, "root-cert.pem": make_root().pem})
    seen = problems(replace(healthy, authority=late, mesh=make_mesh(vault=vault)))
    assert any("in less than 7 days" in problem and "rotate-ca" in problem for problem in seen)


def test_the_days_that_a_certificate_has_left_are_a_field_of_their_own(healthy):
    (root,) = pem.certificates(healthy.authority.root_cert, "test")
    left = (root.not_valid_after_utc - healthy.now).days
    assert [f.number for f in run(healthy) if f.id == "mesh certificates" and f.kind == "certificate"] == [left]


ISSUER = {"source": "issuer", "issuer": {"name": "pi"}}


def test_a_ca_that_cert_manager_has_renewed_waits_for_an_up(healthy):
    root = make_root()
    ca = {"ca-cert.pem": make_ca("before", root).pem, "root-cert.pem": root.pem}
    late = Authority(root.pem, ca, issued=make_ca("renewed", root).pem)
    seen = run(replace(healthy, authority=late, mesh=make_mesh(ca=ISSUER)))
    (found,) = [str(one) for one in seen if one.level is Level.WARNING and one.kind == "Certificate"]
    assert "mesh-ca: is renewed, but istiod signs with the previous CA" in found
    assert "`pulumi up`" in found


def test_a_renewed_ca_under_another_root_waits_for_the_three_steps(healthy):
    root = make_root()
    ca = {"ca-cert.pem": make_ca("before", root).pem, "root-cert.pem": root.pem}
    late = Authority(root.pem, ca, issued=make_ca("renewed", make_root("another")).pem)
    seen = run(replace(healthy, authority=late, mesh=make_mesh(ca=ISSUER)))
    (found,) = [str(one) for one in seen if one.level is Level.WARNING and one.kind == "Certificate"]
    assert "its root is another: `python -m operations rotate-ca --root --issuer`" in found


def test_a_ca_that_cert_manager_can_not_renew_is_told_with_its_reason(healthy):
    late = replace(healthy.authority, not_issued="the Issuer is gone")
    seen = run(replace(healthy, authority=late, mesh=make_mesh(ca=ISSUER)))
    (found,) = [str(one) for one in seen if one.level is Level.WARNING and one.kind == "Certificate"]
    assert "is not signed, so the CA is not renewed: the Issuer is gone" in found


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ({}, "istiod renews its own root before its end"),
        ({"ca": {"source": "secret", "secret": "mine"}}, "`python -m operations rotate-ca --root -s STACK`"),
        ({"ca": ISSUER}, "`python -m operations rotate-ca -s STACK`"),
        ({"vault": {"enabled": True, "address": "https://vault"}}, "`python -m operations rotate-ca -s STACK`"),
    ],
    ids=["istiod", "secret", "issuer", "vault"],
)
def test_the_remedy_of_an_ending_ca_is_that_of_its_source(settings, fix):
    ending = make_root(days=5).certificate
    assert end_of(ending, make_settings(**settings), NOW).fix.startswith(fix)
