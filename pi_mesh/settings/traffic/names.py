"""The words of traffic settings: names, hosts, ports, labels, durations."""

from typing import Annotated

from pydantic import Field

from pi_mesh.model.base import NamespaceName
from pi_mesh.model.patterns import matching

ObjectName = NamespaceName
"""The name of an object: as strict as a namespace's, so that it can be part of a host's name too."""

_HOST = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"

Host = Annotated[str, matching(rf"^(\*|(\*\.)?{_HOST})$", "a DNS name, `*.` before a domain, or `*` for any")]
"""A host that clients ask for."""

ServiceHost = Annotated[
    str, matching(rf"^{_HOST}$", "a Service of the trading namespace, the full name of another, or an external host")
]
"""Where requests can be sent."""

Port = Annotated[int, Field(ge=1, le=65535)]

Labels = Annotated[dict[str, str], Field(min_length=1)]
"""Labels of the pods that are meant; all of them must match."""

Path = Annotated[str, matching(r"^/\S*$", 'a URL path such as "/api/v2"')]

Duration = Annotated[str, matching(r"^[1-9][0-9]*(ms|s|m|h)$", 'a time such as "30s" or "500ms"')]

Percent = Annotated[int, Field(ge=0, le=100)]


Principal = Annotated[
    str,
    matching(
        r"^(\*|\*?[^\s:*]+\*?)$",
        "an identity such as cluster.local/ns/NAMESPACE/sa/ACCOUNT (without spiffe://), a `*` at one end for any",
    ),
]
"""A workload's identity: trust domain, namespace and service account."""
