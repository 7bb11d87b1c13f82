"""Certificates from istiod: their chain, and the reasons why there is none."""

from contextlib import contextmanager

import grpc
import pytest
from cryptography import x509

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
TRUSTED = {"data": {"root-cert.pem": ROOT.pem}}
NO_ROOTS = (None, {}, {"data": None}, {"data": {"other": "x"}}, {"data": {"root-cert.pem": ""}})


class Channel:
    """A channel whose one method gives this answer, or raises it."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[tuple] = []

    def unary_unary(self, method: str, **_: object):
        def call(request, metadata, timeout):
            self.asked.append((method, request, metadata, timeout))
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

    code = initial_metadata = trailing_metadata = is_active = time_remaining = cancel = add_callback = None


def issuer(answer: object, token: object = "made-up-token") -> tuple[Issuer, Channel]:
    channel = Channel(answer)
    known = FakeClient({TOKEN: {"status": {"token": token}} if token else None})
    return Issuer(known, channel, "trading"), channel  # type: ignore[arg-type]


@pytest.mark.parametrize(("wish", "seconds"), [({"lifetime": 120}, 120), ({}, 3600)])
def test_the_answer_is_the_chain_with_its_issuer_second(wish, seconds):
    asker, channel = issuer(CertificateResponse(cert_chain=[LEAF.pem, MESH.pem + ROOT.pem]))
    issued = asker.issue(**wish)
    assert issued.chain == (LEAF.certificate, MESH.certificate, ROOT.certificate)
    assert issued.issuer == MESH.certificate
    assert b"PRIVATE KEY" in issued.key
    ((method, request, metadata, timeout),) = channel.asked
    assert (method, request.validity_duration) == (istiod_certificates.METHOD, seconds)
    assert (metadata, timeout) == ((("authorization", "Bearer made-up-token"),), 20)


def test_a_request_is_written_as_a_proxy_writes_it():
    asker, channel = issuer(CertificateResponse(cert_chain=[LEAF.pem, MESH.pem]))
    asker.issue()
    request = x509.load_pem_x509_csr(channel.asked[0][1].csr.encode())
    (extension,) = request.extensions
    uris = extension.value.get_values_for_type(x509.UniformResourceIdentifier)
    assert uris == ["spiffe://cluster.local/ns/trading/sa/default"]
    assert [attribute.value for attribute in request.subject] == [""]


@pytest.mark.parametrize(("answer", "token", "says"), [
    (Refused("not signed\nstack"), "made-up", "not signed"),
    (Refused(None), "made-up", "no reason given"),
    (grpc.RpcError("gone"), "made-up", "gone"),
    (None, None, "service account trading/default does not exist"),
])  # fmt: skip
def test_a_refusal_is_the_first_line_of_its_reason(answer, token, says):
    with pytest.raises(NoCertificate, match=f"^{says}$"):
        issuer(answer, token)[0].issue()


@pytest.mark.parametrize(("chain", "roots", "verifies"), [
    ((LEAF, MESH), (ROOT,), True),
    ((LEAF, MESH, ROOT), (ROOT,), True),
    ((LEAF, MESH), (OTHER, ROOT), True),
    ((LEAF, MESH), (OTHER,), False),
    ((LEAF, MESH), (), False),
    ((LEAF, OTHER), (ROOT,), False),
])  # fmt: skip
def test_a_chain_verifies_if_each_signs_the_one_before_and_a_trusted_root_the_last(chain, roots, verifies):
    issued = IssuedCertificate(tuple(one.certificate for one in chain), b"")
    assert issued.verifies(tuple(root.certificate for root in roots)) is verifies


@pytest.fixture
def reached(monkeypatch):
    """Return `reached(roots, problem)`: the roots by which istiod is verified there."""

    def run(roots: object, problem: Exception | None = None) -> list[bytes]:
        @contextmanager
        def forwarded(*where: object):
            assert where == ("test", "istio-system", "deployment/istiod", 15012)
            if problem:
                raise problem
            yield "127.0.0.1:1"

        used, real = [], grpc.ssl_channel_credentials
        monkeypatch.setattr(grpc, "ssl_channel_credentials", lambda pem: used.append(pem) or real(pem))
        monkeypatch.setattr(istiod_certificates, "Client", FakeClient({ROOTS: roots}))
        monkeypatch.setattr(istiod_certificates, "forwarded", forwarded)
        with istiod_certificates.issuer("test", "istio-system", "trading") as asker:
            assert isinstance(asker, Issuer)
        return used

    return run


def test_istiod_is_verified_by_the_roots_of_the_workloads(reached):
    assert reached(TRUSTED) == [ROOT.pem.encode()]


@pytest.mark.parametrize(("roots", "problem", "says"), [
    *((roots, None, "configmap istio-system/istio-ca-root-cert has no root") for roots in NO_ROOTS),
    (TRUSTED, NotForwardedError("no pod"), "no pod: can't reach istiod"),
])  # fmt: skip
def test_an_istiod_without_a_root_or_that_is_not_reached_is_said(reached, roots, problem, says):
    with pytest.raises(NoCertificate, match=says):
        reached(roots, problem)
