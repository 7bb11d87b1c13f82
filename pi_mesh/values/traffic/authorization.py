"""AuthorizationPolicy and PeerAuthentication objects for access between workloads."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule, LegacyWorkloads
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import given, istio_object, item_object

POLICY = "AuthorizationPolicy"
DEFAULT_DENY = "default-deny"


def policy(settings: Settings, name: str, wanted: AccessPolicy) -> Object:
    selector = wanted.selector and {"matchLabels": wanted.selector}
    rules = [_rule(rule) for rule in wanted.rules]
    return item_object(settings, wanted, POLICY, name, given(selector=selector, action=wanted.action, rules=rules))


def legacy(settings: Settings, name: str, wanted: LegacyWorkloads) -> Object:
    spec = {"selector": {"matchLabels": wanted.selector}, "mtls": {"mode": wanted.mode}}
    return item_object(settings, wanted, "PeerAuthentication", name, spec)


def policies(settings: Settings, namespace: WorkloadNamespace) -> dict[str, AccessPolicy]:
    """Return a namespace's policies by name: those of the settings, and those that its default deny needs."""
    given_ones = settings.traffic.authorization.policies
    own = {name: one for name, one in given_ones.items() if settings.namespace_of(one) == namespace.name}
    return dict(_default_allows(settings, namespace)) | own


def default_deny(namespace: WorkloadNamespace) -> Object:
    """Return a policy that allows nothing, so that requests which no other policy allows are refused."""
    return istio_object(namespace.name, POLICY, DEFAULT_DENY, {})


def ingress_principal(settings: Settings) -> str:
    """Return the ingress gateway's identity; its chart names the service account after the release."""
    return f"cluster.local/ns/{settings.ingress_namespace}/sa/{settings.releases.names.ingress}"


def _default_allows(settings: Settings, namespace: WorkloadNamespace) -> Iterator[tuple[str, AccessPolicy]]:
    wanted, home = namespace.default_deny, namespace.name
    if not wanted.enabled:
        return
    if wanted.allow_ingress and settings.ingress.enabled:
        rule = AccessRule(principals=(ingress_principal(settings),))
        yield "allow-ingress-gateway", AccessPolicy(namespace=home, rules=(rule,))
    namespaces = (home,) if wanted.allow_namespaces is None else wanted.allow_namespaces
    if namespaces:
        yield "allow-namespaces", AccessPolicy(namespace=home, rules=(AccessRule(namespaces=namespaces),))


def _rule(rule: AccessRule) -> Object:
    source = given(principals=list(rule.principals), namespaces=list(rule.namespaces))
    operation = given(ports=[str(port) for port in rule.ports], methods=list(rule.methods), paths=list(rule.paths))
    return given(
        from_=[{"source": source}] if source else None,
        to=[{"operation": operation}] if operation else None,
    )
