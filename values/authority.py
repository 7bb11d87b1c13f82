"""Helm values of istiod that go with a CA that it is given."""

from facts.project import PLUGGED_IN_LABEL
from settings.vault import VaultSettings
from values.extra import Values


def helm_values(vault: VaultSettings) -> Values:
    """Nothing while istiod makes its own root."""
    if not vault.signs:
        return {}
    return {
        "pilot": {
            # istiod reads another kind of CA only when it starts: a changed pod template is what restarts it.
            "podAnnotations": {PLUGGED_IN_LABEL: "vault"},
            "env": {"ISTIO_MULTIROOT_MESH": "true"},
        },
        # Proxies learn of a further root at once, not when their certificate is renewed.
        "meshConfig": {"defaultConfig": {"proxyMetadata": {"PROXY_CONFIG_XDS_AGENT": "true"}}},
    }
