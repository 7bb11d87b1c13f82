"""The rules, one a file. `breaches` of each is a plain function that needs no engine."""

from importlib import import_module

from .rule import Rule

FILES = (
    "chart_version",
    "chart_source",
    "image_hub",
    "pi_ceiling",
    "autoscaling",
    "placement",
    "mtls",
    "mesh_strict",
    "injection",
    "authorization",
    "gateway_hosts",
    "secrets_in_values",
    "vault_ca",
    "protected_ca",
    "istiod_identity",
    "known_types",
)
"""Names of the rules' files, in the order of the page."""
RULES: tuple[Rule, ...] = tuple(import_module(f"{__name__}.{name}").RULE for name in FILES)
