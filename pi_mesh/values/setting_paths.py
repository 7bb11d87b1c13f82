"""The config key behind each Helm value, for readers who know the stack file and not the charts."""

from collections.abc import Mapping
from functools import cache

from pi_mesh.facts import EVERY, Helm, Setting, fields_of
from pi_mesh.names import EXTERNAL_CA_LABEL, VERSION_ANNOTATION
from pi_mesh.settings import Settings

VAULT = (
    *(f"pilot.env.{name}" for name in ("ISTIO_MULTIROOT_MESH", "EXTERNAL_CA", "K8S_SIGNER")),
    "pilot.env.CITADEL_SELF_SIGNED_CA_CERT_TTL",
    f"pilot.podAnnotations.{EXTERNAL_CA_LABEL}",
    "pilot.volumes",
    "pilot.volumeMounts",
    "global.pilotCertProvider",
    "global.certSigners",
    "sidecarInjectorWebhook",
    "meshConfig.caCertificates",
    *(
        f"meshConfig.defaultConfig.proxyMetadata.{name}"
        for name in ("PROXY_CONFIG_XDS_AGENT", "XDS_ROOT_CA", "CA_ROOT_CA")
    ),
)
"""Values of istiod that `pi_mesh.values.vault` gives, for which several settings of the CA count together."""
DERIVED: Mapping[str, Mapping[str, str]] = {
    "istiod": {
        **dict.fromkeys(VAULT, "vault"),
        # Charts differ in the probe that they need (`IstioMinor.gateways_choose_their_probe`).
        "global.proxy.readinessPeriodSeconds": "istio.version",
        "global.proxy.readinessFailureThreshold": "istio.version",
        # Access logs, audits, Jaeger and authorizers share them.
        "meshConfig.extensionProviders": "observability",
        "meshConfig.enableTracing": "observability",
    },
    "gateway": {
        "readinessProbe": "istio.version",
        "podAnnotations.inject.istio.io/templates": "vault",
        f"podAnnotations.{VERSION_ANNOTATION}": "istio.version",
    },
}
"""Config key by chart and path of the values that no single field gives."""


@cache
def helm_values(chart: str) -> tuple[tuple[Helm, Setting], ...]:
    """Return the values of a chart that a setting gives, each with its setting."""
    return tuple(
        (value, field) for field in fields_of(Settings) for value in field.helm if value.chart in (chart, EVERY)
    )


def helm_path(chart: str, key: str) -> str:
    """Return the path of the first value that a setting gives a chart."""
    return next(value.path for value, field in helm_values(chart) if field.path == key)


@cache
def _keys(chart: str, setting: str) -> Mapping[str, str]:
    """Return the config key by path of a release's values; of several settings, the one in the release's branch."""
    values = sorted(helm_values(chart), key=lambda entry: not entry[1].path.startswith(f"{setting}."))
    return {**{value.path: field.path for value, field in reversed(values)}, **DERIVED.get(chart, {})}


def config_key(chart: str, setting: str, path: str, *, typed: bool, extra: bool) -> str:
    """Return the config key of a value; `typed` and `extra` tell if a typed setting or an extra value gives it now.

    The longest path applies. A typed value that no path fits has the key of its branch.
    """
    keys = _keys(chart, setting)
    fitting = [prefix for prefix in keys if f"{path}.".startswith(f"{prefix}.")]
    if fitting and not extra:
        return keys[max(fitting, key=len)]
    return setting if typed else f"{setting}.values.{path}"
