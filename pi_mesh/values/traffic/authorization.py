"""AuthorizationPolicy, PeerAuthentication and RequestAuthentication objects for access between workloads."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule, LegacyWorkloads, TokenIssuer
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import given, istio_object, item_object, own

POLICY = "AuthorizationPolicy"
DEFAULT_DENY = "default-deny"
DRY_RUN = "istio.io/dry-run"
"""Annotation of a policy that Envoy evaluates and does not enforce."""


def policy(settings: Settings, name: str, wanted: AccessPolicy) -> Object:
    selector = wanted.selector and {"matchLabels": wanted.selector}
    rules = [_rule(rule) for rule in wanted.rules]
    return item_object(settings, wanted, POLICY, name, given(selector=selector, action=wanted.action, rules=rules))


def tokens(settings: Settings, name: str, wanted: TokenIssuer) -> Object:
    rule = given(
        issuer=wanted.issuer,
        jwksUri=wanted.jwks_uri,
        jwks=wanted.jwks,
        audiences=list(wanted.audiences),
        forwardOriginalToken=wanted.forward or None,
    )
    selector = wanted.selector and {"matchLabels": wanted.selector}
    return item_object(settings, wanted, "RequestAuthentication", name, given(selector=selector, jwtRules=[rule]))


def legacy(settings: Settings, name: str, wanted: LegacyWorkloads) -> Object:
    spec = {"selector": {"matchLabels": wanted.selector}, "mtls": {"mode": wanted.mode}}
    return item_object(settings, wanted, "PeerAuthentication", name, spec)


def policies(settings: Settings, namespace: WorkloadNamespace) -> dict[str, AccessPolicy]:
    """Return a namespace's enforced policies by name: those of the settings, and those that its default deny needs."""
    defaults = dict(_default_allows(settings, namespace)) if namespace.default_deny.enabled else {}
    return defaults | own(settings, namespace, settings.traffic.authorization.policies)


def audited(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the dry-run policies of an audit: what the default deny needs, and a copy of each ALLOW policy.

    Envoy evaluates dry-run policies without the enforced ones, so the copies keep admitted callers out of the log
    (pilot/pkg/security/authz/builder).
    """
    if not namespace.default_deny.audit:
        return
    allows = {f"audit-{name}": one for name, one in policies(settings, namespace).items() if one.action == "ALLOW"}
    for name, wanted in (dict(_default_allows(settings, namespace)) | allows).items():
        yield _dry_run(policy(settings, name, wanted))


def default_deny(namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield a policy that allows nothing, so that requests which no other policy allows are refused."""
    denial = istio_object(namespace.name, POLICY, DEFAULT_DENY, {})
    if namespace.default_deny.enabled or namespace.default_deny.audit:
        yield _dry_run(denial) if namespace.default_deny.audit else denial


def _dry_run(manifest: Object) -> Object:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return manifest | {"metadata": metadata | {"annotations": {DRY_RUN: "true"}}}


def ingress_principal(settings: Settings) -> str:
    """Return the ingress gateway's identity; its chart names the service account after the release."""
    return f"cluster.local/ns/{settings.ingress_namespace}/sa/{settings.releases.names.ingress}"


def _default_allows(settings: Settings, namespace: WorkloadNamespace) -> Iterator[tuple[str, AccessPolicy]]:
    wanted, home = namespace.default_deny, namespace.name
    if wanted.allow_ingress and settings.ingress.enabled:
        rule = AccessRule(principals=(ingress_principal(settings),))
        yield "allow-ingress-gateway", AccessPolicy(namespace=home, rules=(rule,))
    namespaces = (home,) if wanted.allow_namespaces is None else wanted.allow_namespaces
    if namespaces:
        yield "allow-namespaces", AccessPolicy(namespace=home, rules=(AccessRule(namespaces=namespaces),))


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
