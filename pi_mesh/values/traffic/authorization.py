"""AuthorizationPolicy, PeerAuthentication and RequestAuthentication objects for access between workloads."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule, LegacyWorkloads
from pi_mesh.settings.traffic.tokens import TokenIssuer
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import given, trading_object

POLICY = "AuthorizationPolicy"
DEFAULT_DENY = "default-deny"
DRY_RUN = "istio.io/dry-run"
"""Annotation of a policy that Envoy evaluates and does not enforce."""


def policy(settings: Settings, name: str, wanted: AccessPolicy) -> Object:
    selector = wanted.selector and {"matchLabels": wanted.selector}
    rules = [_rule(rule) for rule in wanted.rules]
    return trading_object(settings, POLICY, name, given(selector=selector, action=wanted.action, rules=rules))


def tokens(settings: Settings, name: str, wanted: TokenIssuer) -> Object:
    rule = given(
        issuer=wanted.issuer,
        jwksUri=wanted.jwks_uri,
        jwks=wanted.jwks,
        audiences=list(wanted.audiences),
        forwardOriginalToken=wanted.forward or None,
    )
    selector = wanted.selector and {"matchLabels": wanted.selector}
    return trading_object(settings, "RequestAuthentication", name, given(selector=selector, jwtRules=[rule]))


def legacy(settings: Settings, name: str, wanted: LegacyWorkloads) -> Object:
    spec = {"selector": {"matchLabels": wanted.selector}, "mtls": {"mode": wanted.mode}}
    return trading_object(settings, "PeerAuthentication", name, spec)


def policies(settings: Settings) -> dict[str, AccessPolicy]:
    """Return the enforced policies by name: those of the settings, and those that the default deny needs."""
    authorization = settings.traffic.authorization
    return (dict(_default_allows(settings)) if authorization.default_deny.enabled else {}) | authorization.policies


def audited(settings: Settings) -> Iterator[Object]:
    """Yield the dry-run policies of an audit: what the default deny needs, and a copy of each ALLOW policy.

    Envoy evaluates dry-run policies without the enforced ones, so the copies keep admitted callers out of the log
    (pilot/pkg/security/authz/builder).
    """
    if not settings.traffic.authorization.default_deny.audit:
        return
    allows = {f"audit-{name}": one for name, one in policies(settings).items() if one.action == "ALLOW"}
    for name, wanted in (dict(_default_allows(settings)) | allows).items():
        yield _dry_run(policy(settings, name, wanted))


def default_deny(settings: Settings) -> Iterator[Object]:
    """Yield a policy that allows nothing, so that requests which no other policy allows are refused."""
    wanted = settings.traffic.authorization.default_deny
    denial = trading_object(settings, POLICY, DEFAULT_DENY, {})
    if wanted.enabled or wanted.audit:
        yield _dry_run(denial) if wanted.audit else denial


def _dry_run(manifest: Object) -> Object:
    return manifest | {"metadata": manifest["metadata"] | {"annotations": {DRY_RUN: "true"}}}


def ingress_principal(settings: Settings) -> str:
    """Return the ingress gateway's identity; its chart names the service account after the release."""
    return f"cluster.local/ns/{settings.ingress_namespace}/sa/{settings.releases.names.ingress}"


def _default_allows(settings: Settings) -> Iterator[tuple[str, AccessPolicy]]:
    wanted = settings.traffic.authorization.default_deny
    if wanted.allow_ingress and settings.ingress.enabled:
        yield "allow-ingress-gateway", AccessPolicy(rules=(AccessRule(principals=(ingress_principal(settings),)),))
    namespaces = wanted.allow_namespaces
    if namespaces is None:
        namespaces = (settings.trading.namespace,)
    if namespaces:
        yield "allow-namespaces", AccessPolicy(rules=(AccessRule(namespaces=namespaces),))


def _rule(rule: AccessRule) -> Object:
    source = given(
        principals=list(rule.principals),
        requestPrincipals=list(rule.request_principals),
        namespaces=list(rule.namespaces),
        ipBlocks=list(rule.ip_blocks),
        remoteIpBlocks=list(rule.remote_ip_blocks),
    )
    operation = given(ports=[str(port) for port in rule.ports], methods=list(rule.methods), paths=list(rule.paths))
    return given(
        from_=[{"source": source}] if source else None,
        to=[{"operation": operation}] if operation else None,
        when=[given(key=one.key, values=list(one.values), notValues=list(one.not_values)) for one in rule.when],
    )
