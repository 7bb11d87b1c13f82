"""Certificates from istiod: their chain, and the reasons why there is none."""

from contextlib import contextmanager

import grpc
import pytest

from operations import istiod_certificates
from operations.istiod_certificates import CertificateResponse, IssuedCertificate, Issuer, NoCertificate
from pi_mesh.cluster.port_forward import NotForwardedError
from tests.support import authorities
from tests.support.fake_client import FakeClient

ROOT, OTHER = authorities.make_root(), authorities.make_root("other")
MESH = authorities.make_ca("mesh CA", ROOT)
LEAF = authorities.make_ca("leaf", MESH, ca=False)
TOKEN = "/api/v1/namespaces/trading/serviceaccounts/default/token"
ROOTS = "/api/v1/namespaces/istio-system/configmaps/istio-ca-root-cert"


class Channel:
    """A channel whose one method gives this answer, or raises it."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[tuple] = []

    def unary_unary(self, method: str, **_: object):
        def call(request, metadata, timeout):
            self.asked.append((method, request.validity_duration, metadata, timeout))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return call


class Refused(grpc.RpcError, grpc.Call):
    """istiod's refusal with this text."""

    def __init__(self, text: str | None) -> None:
        super().__init__()
        self._text = text

    def details(self):
        return self._text

    def code(self): ...
    def initial_metadata(self): ...
    def trailing_metadata(self): ...
    def is_active(self): ...
    def time_remaining(self): ...
    def cancel(self): ...
    def add_callback(self, callback): ...


def issuer(answer: object, **token: object) -> tuple[Issuer, Channel]:
    channel = Channel(answer)
    known = {TOKEN: {"status": {"token": "made-up-token"}}, **token}
    return Issuer(FakeClient(known), channel, "trading"), channel  # type: ignore[arg-type]


def test_the_answer_is_the_chain_with_its_issuer_second():
    asker, channel = issuer(CertificateResponse(cert_chain=[LEAF.pem, MESH.pem + ROOT.pem]))
    issued = asker.issue(lifetime=120)
    assert issued.chain == (LEAF.certificate, MESH.certificate, ROOT.certificate)
    assert issued.issuer == MESH.certificate
    assert b"PRIVATE KEY" in issued.key
    assert channel.asked == [(istiod_certificates.METHOD, 120, (("authorization", "Bearer made-up-token"),), 20)]


def test_an_hour_is_asked_for_without_a_wish():
    asker, channel = issuer(CertificateResponse(cert_chain=[LEAF.pem, MESH.pem]))
    asker.issue()
    assert channel.asked[0][1] == 3600


@pytest.mark.parametrize(
    ("refusal", "said"),
    [(Refused("not signed\nstack"), "not signed"), (Refused(None), "no reason given"), (grpc.RpcError("gone"), "gone")],
)
def test_a_refusal_is_the_first_line_of_its_reason(refusal, said):
    with pytest.raises(NoCertificate) as problem:
        issuer(refusal)[0].issue()
    assert str(problem.value) == said


def test_a_service_account_that_is_not_there_is_named():
    with pytest.raises(NoCertificate, match="service account trading/default does not exist"):
        issuer(None, **{TOKEN: None})[0].issue()


@pytest.mark.parametrize(
    ("chain", "roots", "verifies"),
    [
        ((LEAF, MESH), (ROOT,), True),
        ((LEAF, MESH, ROOT), (ROOT,), True),
        ((LEAF, MESH), (OTHER, ROOT), True),
        ((LEAF, MESH), (OTHER,), False),
        ((LEAF, MESH), (), False),
        ((LEAF, OTHER), (ROOT,), False),
    ],
)
def test_a_chain_verifies_if_each_signs_the_one_before_and_a_trusted_root_the_last(chain, roots, verifies):
    issued = IssuedCertificate(tuple(one.certificate for one in chain), b"")
    assert issued.verifies(tuple(root.certificate for root in roots)) is verifies


@pytest.fixture
def cluster(monkeypatch):
    """Return `cluster(problem, **answers)`: what `issuer` reaches there."""

    def of(problem: Exception | None = None, **answers: object) -> None:
        @contextmanager
        def forwarded(*where: object):
            assert where == ("test", "istio-system", "deployment/istiod", 15012)
            if problem:
                raise problem
            yield "127.0.0.1:1"

        monkeypatch.setattr(istiod_certificates, "Client", FakeClient({ROOTS: answers.get("roots")}))
        monkeypatch.setattr(istiod_certificates, "forwarded", forwarded)

    return of


def test_istiod_is_verified_by_the_roots_of_the_workloads(cluster, monkeypatch):
    cluster(roots={"data": {"root-cert.pem": ROOT.pem}})
    used: list[bytes] = []
    trusted = istiod_certificates.grpc.ssl_channel_credentials
    monkeypatch.setattr(
        istiod_certificates.grpc, "ssl_channel_credentials", lambda roots: used.append(roots) or trusted(roots)
    )
    with istiod_certificates.issuer("test", "istio-system", "trading") as asker:
        assert isinstance(asker, Issuer)
    assert used == [ROOT.pem.encode()]


@pytest.mark.parametrize("roots", [None, {}, {"data": None}, {"data": {"other": "x"}}, {"data": {"root-cert.pem": ""}}])
def test_without_a_root_istiod_is_not_asked(cluster, roots):
    cluster(roots=roots)
    with (
        pytest.raises(NoCertificate, match="configmap istio-system/istio-ca-root-cert has no root"),
        istiod_certificates.issuer("test", "istio-system", "trading"),
    ):
        pass


def test_an_istiod_that_is_not_reached_is_said(cluster):
    cluster(NotForwardedError("no pod"), roots={"data": {"root-cert.pem": ROOT.pem}})
    with (
        pytest.raises(NoCertificate, match="no pod: can't reach istiod"),
        istiod_certificates.issuer("test", "istio-system", "trading"),
    ):
        pass
