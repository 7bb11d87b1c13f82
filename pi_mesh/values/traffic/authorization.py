"""AuthorizationPolicy and PeerAuthentication objects for access between workloads."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule, LegacyWorkloads
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import given, trading_object

POLICY = "AuthorizationPolicy"
DEFAULT_DENY = "default-deny"


def policy(settings: Settings, name: str, wanted: AccessPolicy) -> Object:
    selector = wanted.selector and {"matchLabels": wanted.selector}
    rules = [_rule(rule) for rule in wanted.rules]
    return trading_object(settings, POLICY, name, given(selector=selector, action=wanted.action, rules=rules))


def legacy(settings: Settings, name: str, wanted: LegacyWorkloads) -> Object:
    spec = {"selector": {"matchLabels": wanted.selector}, "mtls": {"mode": wanted.mode}}
    return trading_object(settings, "PeerAuthentication", name, spec)


def policies(settings: Settings) -> dict[str, AccessPolicy]:
    """Return the policies by name: those of the settings, and those that the default deny needs."""
    return dict(_default_allows(settings)) | settings.traffic.authorization.policies


def default_deny(settings: Settings) -> Object:
    """Return a policy that allows nothing, so that requests which no other policy allows are refused."""
    return trading_object(settings, POLICY, DEFAULT_DENY, {})


def ingress_principal(settings: Settings) -> str:
    """Return the ingress gateway's identity; its chart names the service account after the release."""
    return f"cluster.local/ns/{settings.ingress_namespace}/sa/{settings.releases.names.ingress}"


def _default_allows(settings: Settings) -> Iterator[tuple[str, AccessPolicy]]:
    wanted = settings.traffic.authorization.default_deny
    if not wanted.enabled:
        return
    if wanted.allow_ingress and settings.ingress.enabled:
        yield "allow-ingress-gateway", AccessPolicy(rules=(AccessRule(principals=(ingress_principal(settings),)),))
    namespaces = wanted.allow_namespaces
    if namespaces is None:
        namespaces = (settings.trading.namespace,)
    if namespaces:
        yield "allow-namespaces", AccessPolicy(rules=(AccessRule(namespaces=namespaces),))


def _rule(rule: AccessRule) -> Object:
    source = given(principals=list(rule.principals), namespaces=list(rule.namespaces))
    operation = given(ports=[str(port) for port in rule.ports], methods=list(rule.methods), paths=list(rule.paths))
    return given(
        from_=[{"source": source}] if source else None,
        to=[{"operation": operation}] if operation else None,
    )
