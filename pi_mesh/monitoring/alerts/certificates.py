"""Alerts about certificates that are about to end.

istiod shows when its CA certificate ends (security/pkg/server/ca/monitoring.go), each proxy's agent how long the
proxy's own certificate is still valid (security/pkg/nodeagent/cache/monitoring.go).
"""

from pi_mesh.monitoring.alert import Alert, Bounds, Severity

AUTHORITY = '{__name__=~"citadel_server_(root_cert|cert_chain)_expiry_timestamp"}'
LAST_SHARE = 0.2
"""Share of a certificate's life that must be left: proxies renew it at half of it."""


def _authority(bounds: Bounds) -> str:
    return f"min by (pod) ({AUTHORITY}) - time() < {bounds.certificate_days * 86400}"


def _proxy(bounds: Bounds) -> str:
    own = 'istio_agent_cert_expiry_seconds{resource_name="default"}'
    return f"min by (namespace, pod) ({own}) < {bounds.certificate_seconds * LAST_SHARE:.0f}"


ALERTS = (
    Alert(
        "MeshCaEndsSoon",
        _authority,
        10,
        Severity.PAGE,
        "The CA certificate of istiod {{ $labels.pod }} ends in {{ $value | humanizeDuration }}.",
        "Rotate the CA before it ends: after that no proxy gets a certificate. `python -m operations verify` names the "
        "certificate, `python -m operations rotate-ca` renews it.",
        "a-certificate-is-about-to-end",
    ),
    Alert(
        "MeshProxyCertificateEndsSoon",
        _proxy,
        2,
        Severity.PAGE,
        "The certificate of the proxy {{ $labels.namespace }}/{{ $labels.pod }} ends in "
        "{{ $value | humanizeDuration }} and was not renewed.",
        "Look whether istiod runs and signs: `python -m operations verify`. If it does, restart the pod.",
        "a-certificate-is-about-to-end",
    ),
)
