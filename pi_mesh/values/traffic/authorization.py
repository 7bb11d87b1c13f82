"""AuthorizationPolicy, PeerAuthentication and RequestAuthentication objects for access between workloads."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule, LegacyWorkloads, TokenIssuer
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.values.objects import Object, given, in_seconds, istio_object, item_object, own

POLICY = "AuthorizationPolicy"
DEFAULT_DENY = "default-deny"
DRY_RUN = "istio.io/dry-run"
"""Annotation of a policy that Envoy evaluates and does not enforce."""


def policy(settings: Settings, name: str, access: AccessPolicy) -> Object:
    selector = access.selector and {"matchLabels": access.selector}
    rules = [_rule(rule) for rule in access.rules]
    provider = {"name": _provider(access.authorizer)} if access.authorizer else None
    spec = given(selector=selector, action=access.action, provider=provider, rules=rules)
    return item_object(settings, access, POLICY, name, spec)


def authorizers(settings: Settings) -> Iterator[Object]:
    """Yield the extension providers of istiod's mesh config that policies ask."""
    for name, authorizer in settings.traffic.authorization.authorizers.items():
        fields = given(
            service=full_name(authorizer.service, settings.trading.namespace),
            port=authorizer.port,
            # Istio's own is ten minutes.
            timeout=in_seconds(authorizer.timeout),
            failOpen=authorizer.fail_open or None,
            includeRequestHeadersInCheck=[*authorizer.headers],
            headersToUpstreamOnAllow=[*authorizer.upstream_headers],
        )
        yield {"name": _provider(name), f"envoyExtAuthz{authorizer.protocol.capitalize()}": fields}


def _provider(authorizer: str) -> str:
    """Return a name that no provider of logs or traces has: istiod refuses a mesh config with one name twice."""
    return f"{authorizer}-authorizer"


def tokens(settings: Settings, name: str, issuer: TokenIssuer) -> Object:
    rule = given(
        issuer=issuer.issuer,
        jwksUri=issuer.jwks_uri,
        jwks=issuer.jwks,
        audiences=list(issuer.audiences),
        forwardOriginalToken=issuer.forward or None,
    )
    selector = issuer.selector and {"matchLabels": issuer.selector}
    return item_object(settings, issuer, "RequestAuthentication", name, given(selector=selector, jwtRules=[rule]))


def legacy(settings: Settings, name: str, workloads: LegacyWorkloads) -> Object:
    spec = {"selector": {"matchLabels": workloads.selector}, "mtls": {"mode": workloads.mode}}
    return item_object(settings, workloads, "PeerAuthentication", name, spec)


def policies(settings: Settings, namespace: WorkloadNamespace) -> dict[str, AccessPolicy]:
    """Return a namespace's enforced policies by name: those of the settings, and those that its default deny needs."""
    if namespace.default_deny.enabled:
        return policies_of_a_deny(settings, namespace)
    return own(settings, namespace, settings.traffic.authorization.policies)


def policies_of_a_deny(settings: Settings, namespace: WorkloadNamespace) -> dict[str, AccessPolicy]:
    """Return the policies that a namespace has, or would have, with its default deny."""
    allows = dict(_default_allows(settings, namespace))
    return allows | own(settings, namespace, settings.traffic.authorization.policies)


def audited(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the dry-run policies of an audit: what the default deny needs, and a copy of each ALLOW policy.

    Envoy evaluates dry-run policies without the enforced ones, so the copies keep admitted callers out of the log
    (pilot/pkg/security/authz/builder).
    """
    if not namespace.default_deny.audit:
        return
    allows = {
        f"audit-{name}": allow for name, allow in policies(settings, namespace).items() if allow.action == "ALLOW"
    }
    for name, allow in (dict(_default_allows(settings, namespace)) | allows).items():
        yield _dry_run(policy(settings, name, allow))


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
    deny, home = namespace.default_deny, namespace.name
    if deny.allow_ingress and settings.ingress.enabled:
        rule = AccessRule(principals=(ingress_principal(settings),))
        yield "allow-ingress-gateway", AccessPolicy(namespace=home, rules=(rule,))
    namespaces = (home,) if deny.allow_namespaces is None else deny.allow_namespaces
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
        when=[given(key=when.key, values=list(when.values), notValues=list(when.not_values)) for when in rule.when],
    )
