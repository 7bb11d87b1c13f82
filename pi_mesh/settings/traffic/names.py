"""Types of the traffic settings: names, hosts, ports, labels and durations."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from pi_mesh.model import HOST, LONGEST_HOST, LabelKey, LabelValue, Model, NamespaceName, counted_in, matching

ObjectName = NamespaceName
"""Name of an object. It is as strict as a namespace's name, so that it can be part of a host name."""

Host = Annotated[
    str,
    matching(
        rf"^(\*|(\*\.)?{HOST})$",
        "a DNS name (at most 63 characters between dots), `*.` before a domain, or `*` for any",
        max_length=LONGEST_HOST,
    ),
]
"""Host that clients ask for."""

ServiceHost = Annotated[
    str,
    matching(
        rf"^{HOST}$",
        "a Service of the same namespace, the full name of another, or an external host",
        max_length=LONGEST_HOST,
    ),
]
"""Host that requests can be sent to."""

Port = Annotated[int, Field(ge=1, le=65535)]

RESERVED_PORTS = frozenset({15000, 15001, 15002, 15004, 15006, 15008, 15009, 15020, 15021, 15053, 15090})
"""Ports of the proxy itself (istio.io/latest/docs/ops/deployment/application-requirements)."""


def _free(port: int) -> int:
    if port in RESERVED_PORTS:
        raise ValueError("is a port that Istio's proxy uses itself; use another")
    return port


ProxyPort = Annotated[Port, AfterValidator(_free)]
"""Port on which a proxy listens for other workloads."""

Labels = Annotated[dict[LabelKey, LabelValue], Field(min_length=1)]
"""Labels of pods; a pod must have all of them."""

Path = Annotated[str, matching(r"^/\S*$", 'a URL path such as "/api/v2"')]

Method = Annotated[str, matching(r"^[A-Z]+$", "an HTTP method in capitals")]

HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
HeaderName = Annotated[str, matching(HEADER_NAME.replace("^", "^:?", 1), 'the name of an HTTP header such as "x-desk"')]

Percent = Annotated[int, counted_in("percent, such as 90", ge=0, le=100)]


Principal = Annotated[
    str,
    matching(
        r"^(\*|\*?[^\s:*]+\*?)$",
        "an identity such as cluster.local/ns/NAMESPACE/sa/ACCOUNT (without spiffe://), a `*` at one end for any",
    ),
]
"""Identity of a workload: trust domain, namespace and service account."""

RequestPrincipal = Annotated[
    str, matching(r"^(\*|\*?[^\s*]+\*?)$", "ISSUER/SUBJECT of a token, a `*` at one end for any")
]
"""Identity of a verified token: its issuer and its subject."""


def read_by(reader: Callable[[str], object], otherwise: str) -> AfterValidator:
    """Return the constraint that a reader accepts a text; `otherwise` is the error for other texts."""

    def readable(value: str) -> str:
        try:
            reader(value)
        except ValueError:
            raise ValueError(otherwise) from None
        return value

    return AfterValidator(readable)


Address = Annotated[str, read_by(ip_network, 'is neither an IP address nor a range such as "10.1.0.0/16"')]
"""IP address, or range of addresses in CIDR notation."""


class NamespacedItem(Model):
    """A traffic setting whose object is in one of the namespaces of workloads."""

    namespace: NamespaceName | None = None
    """Namespace of the object, one of `namespaces`; by default the trading namespace."""


IN_CLUSTER = ".svc.cluster.local"
"""End of a Service's full name."""


def takes(pattern: str, host: str) -> bool:
    """Return True if a pattern, a host or the end of hosts behind a `*`, is or covers a host."""
    return host == pattern or (pattern.startswith("*") and host.endswith(pattern.removeprefix("*")))


def fits(pattern: str, value: str) -> bool:
    """Return True if a pattern, with a `*` at one end or without any, fits a value (Istio's matcher of principals)."""
    if pattern.startswith("*"):
        return value.endswith(pattern.removeprefix("*"))
    return value.startswith(pattern.removesuffix("*")) if pattern.endswith("*") else value == pattern


def full_name(host: str, namespace: str) -> str:
    """Return the full name of a host as Istio resolves it: a name without a dot is in the same namespace.

    The host `*` is complete: https://github.com/istio/istio/blob/1.31.0/pilot/pkg/model/config.go
    (ResolveShortnameToFQDN).
    """
    return host if "." in host or host == "*" else f"{host}.{namespace}{IN_CLUSTER}"
