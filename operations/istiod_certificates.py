"""Workload certificates straight from istiod, as a sidecar gets them: the proof of which CA signs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessages

from pi_mesh.certificates import chains, pem
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.port_forward import NotForwardedError, forwarded
from pi_mesh.names import ISTIOD_TLS
from pi_mesh.words import first_line

PACKAGE = "istio.v1.auth"
METHOD = f"/{PACKAGE}.IstioCertificateService/CreateCertificate"
_REQUEST_FIELDS = [
    {"name": "csr", "number": 1, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"},
    {"name": "validity_duration", "number": 3, "type": "TYPE_INT64", "label": "LABEL_OPTIONAL"},
]
_RESPONSE_FIELDS = [{"name": "cert_chain", "number": 1, "type": "TYPE_STRING", "label": "LABEL_REPEATED"}]
_MESSAGES = [
    {"name": "IstioCertificateRequest", "field": _REQUEST_FIELDS},
    {"name": "IstioCertificateResponse", "field": _RESPONSE_FIELDS},
]
_FILE = {"name": "security/v1alpha1/ca.proto", "package": PACKAGE, "syntax": "proto3", "messageType": _MESSAGES}
_CLASSES: dict[str, Any] = GetMessages([ParseDict(_FILE, FileDescriptorProto())], DescriptorPool())
CertificateRequest, CertificateResponse = (_CLASSES[f"{PACKAGE}.{message['name']}"] for message in _MESSAGES)

SECONDS = 20
ROOTS = "istio-ca-root-cert"


class NoCertificate(ClusterUnreachable):
    """istiod cannot be asked, or gives no certificate; the text is the cause."""


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate with its key (PEM) and the chain that istiod sent: its issuer first, the trusted roots last."""

    chain: pem.Certificates
    key: bytes

    @property
    def issuer(self) -> x509.Certificate:
        return self.chain[1]

    def verifies(self, roots: pem.Certificates) -> bool:
        """Return True if each certificate is signed by the next, and the last by one of the roots."""
        return chains.verifies(self.chain, roots)


class Issuer:
    """istiod's certificate service, for one service account."""

    def __init__(self, client: Client, channel: grpc.Channel, namespace: str, account: str = "default") -> None:
        self._client, self._namespace, self._account = client, namespace, account
        self._call = channel.unary_unary(
            METHOD,
            request_serializer=CertificateRequest.SerializeToString,
            response_deserializer=CertificateResponse.FromString,
        )

    def issue(self, lifetime: int = 3600) -> IssuedCertificate:
        """Return a certificate that lives for `lifetime` seconds. Raises NoCertificate, and as the client does."""
        key = ec.generate_private_key(ec.SECP256R1())
        request = CertificateRequest(csr=self._request(key), validity_duration=lifetime)
        credentials = (("authorization", f"Bearer {self._token()}"),)
        try:
            answer = self._call(request, metadata=credentials, timeout=SECONDS)
        except grpc.RpcError as problem:
            cause = problem.details() if isinstance(problem, grpc.Call) else str(problem)
            raise NoCertificate(first_line(cause or "no reason given")) from None
        chain = [certificate for text in answer.cert_chain for certificate in pem.certificates(text, "istiod's answer")]
        return IssuedCertificate(tuple(chain), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def _request(self, key: ec.EllipticCurvePrivateKey) -> str:
        """Write a signing request as a proxy does: an istiod whose certificates Vault signs accepts no other."""
        identity = f"spiffe://cluster.local/ns/{self._namespace}/sa/{self._account}"
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "")])
        built = x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(names, critical=True)
        return built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def _token(self) -> str:
        path = f"/api/v1/namespaces/{self._namespace}/serviceaccounts/{self._account}/token"
        answer = self._client.ask(path, {"spec": {"audiences": ["istio-ca"], "expirationSeconds": 600}})
        if answer is None:
            raise NoCertificate(f"service account {self._namespace}/{self._account} does not exist")
        return answer["status"]["token"]


@contextmanager
def issuer(context: str, istio_namespace: str, namespace: str) -> Iterator[Issuer]:
    """Yield istiod's service, through `kubectl port-forward`, for the namespace's default service account."""
    with Client(context) as client, _forwarded(context, istio_namespace) as address:
        credentials = grpc.ssl_channel_credentials(_roots(client, istio_namespace))
        name = ("grpc.ssl_target_name_override", f"istiod.{istio_namespace}.svc")
        with grpc.secure_channel(address, credentials, [name]) as channel:
            yield Issuer(client, channel, namespace)


def _roots(client: Client, namespace: str) -> bytes:
    """Return the roots that workloads trust and that verify istiod's own certificate."""
    config = client.get(f"/api/v1/namespaces/{namespace}/configmaps/{ROOTS}") or {}
    if root := (config.get("data") or {}).get("root-cert.pem"):
        return root.encode()
    reason = "has no root: istiod writes it when it starts; is its pod Ready?"
    raise NoCertificate(f"configmap {namespace}/{ROOTS} {reason}")


@contextmanager
def _forwarded(context: str, namespace: str) -> Iterator[str]:
    try:
        with forwarded(context, namespace, "deployment/istiod", ISTIOD_TLS) as address:
            yield address
    except NotForwardedError as problem:
        raise NoCertificate(f"{problem}: can't reach istiod; is its pod Ready?") from None
