"""The two messages of istiod's certificate service, which has no Python package.

Source: https://github.com/istio/api/blob/master/security/v1alpha1/ca.proto
"""

from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

PACKAGE = "istio.v1.auth"
METHOD = f"/{PACKAGE}.IstioCertificateService/CreateCertificate"


def _message(name: str, *fields: FieldDescriptorProto) -> DescriptorProto:
    return DescriptorProto(name=name, field=fields)


def _field(name: str, number: int, kind: int, repeated: bool = False) -> FieldDescriptorProto:
    label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
    return FieldDescriptorProto(name=name, number=number, type=kind, label=label)  # type: ignore[arg-type]


_REQUEST = _message(
    "IstioCertificateRequest",
    _field("csr", 1, FieldDescriptorProto.TYPE_STRING),
    _field("validity_duration", 3, FieldDescriptorProto.TYPE_INT64),
)
_RESPONSE = _message(
    "IstioCertificateResponse", _field("cert_chain", 1, FieldDescriptorProto.TYPE_STRING, repeated=True)
)
_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(
    FileDescriptorProto(
        name="security/v1alpha1/ca.proto", package=PACKAGE, syntax="proto3", message_type=[_REQUEST, _RESPONSE]
    )
)


def _class(message: DescriptorProto) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{message.name}"))


CertificateRequest = _class(_REQUEST)
CertificateResponse = _class(_RESPONSE)
