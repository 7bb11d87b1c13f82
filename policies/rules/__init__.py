"""The rules, one a file. `breaches` of each is a plain function that needs no engine."""

from . import (
    authorization,
    autoscaling,
    chart_source,
    chart_version,
    gateway_hosts,
    image_hub,
    injection,
    istiod_identity,
    known_types,
    mesh_strict,
    mtls,
    pi_ceiling,
    placement,
    protected_ca,
    secrets_in_values,
    vault_ca,
)
from .rule import Rule

RULES: tuple[Rule, ...] = (
    chart_version.RULE,
    chart_source.RULE,
    image_hub.RULE,
    pi_ceiling.RULE,
    autoscaling.RULE,
    placement.RULE,
    mtls.RULE,
    mesh_strict.RULE,
    injection.RULE,
    authorization.RULE,
    gateway_hosts.RULE,
    secrets_in_values.RULE,
    vault_ca.RULE,
    protected_ca.RULE,
    istiod_identity.RULE,
    known_types.RULE,
)
