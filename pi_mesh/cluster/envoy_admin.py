"""The admin interface of a running proxy, which shows the certificates in use and the endpoints that it calls.

Envoy never shows keys: its config dump has "[redacted]" in their place.
"""

import base64
from collections.abc import Mapping
from typing import Any

from pi_mesh.cluster.port_forward import get_json, forwarded

PORT, SECRETS = 15000, "/config_dump?resource=dynamic_active_secrets"
CLUSTERS = "/clusters?format=json"


def certificates(context: str, namespace: str, pod: str) -> tuple[str, str]:
    """Return the PEM of a proxy's certificate chain, and of the roots that it trusts. Raises NotForwardedError."""
    with forwarded(context, namespace, f"pod/{pod}", PORT) as address:
        return secrets(get_json(address, SECRETS))


def endpoints(context: str, namespace: str, pod: str, cluster: str) -> list[Mapping[str, Any]] | None:
    """Return the endpoints of one of a proxy's clusters, with their health; None for a cluster that it does not have.

    Raises NotForwardedError.
    """
    with forwarded(context, namespace, f"pod/{pod}", PORT) as address:
        every = get_json(address, CLUSTERS).get("cluster_statuses") or []
    return next((entry.get("host_statuses") or [] for entry in every if entry.get("name") == cluster), None)


def secrets(dump: Mapping[str, Any]) -> tuple[str, str]:
    """Return the PEM of the certificate chain and of the roots in a config dump of Envoy's secrets."""
    found = {entry.get("name"): entry.get("secret") or {} for entry in dump.get("configs") or []}
    chain = found.get("default", {}).get("tls_certificate", {}).get("certificate_chain")
    return _text(chain), _text(found.get("ROOTCA", {}).get("validation_context", {}).get("trusted_ca"))


def _text(source: Mapping[str, str] | None) -> str:
    """Return the text of an Envoy data source."""
    if not source:
        return ""
    return source.get("inline_string") or base64.b64decode(source.get("inline_bytes", "")).decode()
