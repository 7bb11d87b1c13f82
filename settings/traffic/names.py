"""The words of traffic settings: names, hosts, ports, labels, durations."""

from typing import Annotated

from pydantic import AfterValidator, Field

ObjectName = Annotated[str, Field(max_length=63, pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")]
"""The name of a Kubernetes object: small letters, digits and dashes, a letter first."""

_HOST = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"

Host = Annotated[str, Field(max_length=253, pattern=rf"^(\*|(\*\.)?{_HOST})$")]
"""A host that clients ask for: a DNS name, `*.` and a domain, or `*` for any."""

ServiceHost = Annotated[str, Field(max_length=253, pattern=rf"^{_HOST}$")]
"""A Service: its short name in the trading namespace, its full name elsewhere, or an external host."""

Port = Annotated[int, Field(ge=1, le=65535)]

Labels = Annotated[dict[str, str], Field(min_length=1)]
"""Labels of the pods that are meant; all of them must match."""

Path = Annotated[str, Field(pattern=r"^/\S*$")]
"""A URL path, from the slash on."""

Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]*(ms|s|m|h)$")]
"""A time such as "30s" or "500ms"."""

Percent = Annotated[int, Field(ge=0, le=100)]


def _without_scheme(value: str) -> str:
    if value.startswith("spiffe://"):
        raise ValueError("is written without spiffe://, as in cluster.local/ns/NAMESPACE/sa/ACCOUNT")
    return value


Principal = Annotated[str, Field(pattern=r"^\S+$"), AfterValidator(_without_scheme)]
"""A workload's identity: TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT; `*` at one end stands for anything."""
