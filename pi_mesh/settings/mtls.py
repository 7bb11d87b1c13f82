"""Mesh-wide mutual TLS."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator

from pi_mesh.facts import ON, Harmless, Helm, Weaker, becomes, duration, is_longer
from pi_mesh.model import Model, matching

SHORTEST, LONGEST = timedelta(minutes=10), timedelta(days=90)
"""Bounds of a certificate's lifetime. A certificate must outlive a restart of istiod, and istiod refuses to sign one
above MAX_WORKLOAD_CERT_TTL."""


def _within_bounds(value: str) -> str:
    if not SHORTEST <= duration(value) <= LONGEST:
        raise ValueError("is not between 10m and 2160h")
    return value


Lifetime = Annotated[
    str,
    matching(r"^[1-9][0-9]{0,6}[hm]$", 'whole hours or minutes such as "2h" or "90m", from 10m to 2160h'),
    AfterValidator(_within_bounds),
]


class MtlsSettings(Model):
    """Mutual TLS between all workloads."""

    mode: Annotated[
        Literal["STRICT", "PERMISSIVE"], Weaker(becomes("PERMISSIVE"), "workloads accept plain text from anyone")
    ] = "STRICT"
    """Mutual TLS mode of the whole mesh: STRICT refuses plain text, PERMISSIVE accepts it too."""
    audit: Annotated[bool, Harmless("it only logs")] = False
    """While the mode is PERMISSIVE, log the calls to the namespaces of workloads that come in plain text: `operations
    verify` names their callers, which STRICT would refuse."""
    allow_cut_off: Annotated[bool, Weaker(ON, "callers in plain text that the audit saw may be refused")] = False
    """Change from PERMISSIVE to STRICT although an audit saw callers in plain text."""
    certificate_lifetime: Annotated[
        Lifetime,
        Helm("istiod", "meshConfig.defaultConfig.proxyMetadata.SECRET_TTL"),
        Weaker(is_longer, "a stolen certificate is good for longer"),
    ] = "2h"
    """Lifetime of a workload's certificate; proxies renew it at half of that time, hourly by default."""

    def conflicts(self) -> Iterator[str]:
        if self.audit and self.mode == "STRICT":
            yield "audit is true, but STRICT refuses plain text and there is nothing to log; remove audit"
