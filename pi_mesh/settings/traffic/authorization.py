"""Access rules between workloads, issuers of tokens (JWT), and exceptions from mutual TLS for legacy workloads."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.facts import OFF, ON, Harmless, Weaker, differs, grows, lets_more_in, loses
from pi_mesh.model import Duration, Model, NamespaceName, matching
from pi_mesh.settings.traffic.names import (
    Address,
    HeaderName,
    Labels,
    Method,
    NamespacedItem,
    ObjectName,
    Port,
    Principal,
    RequestPrincipal,
    ServiceHost,
)


class TokenIssuer(NamespacedItem):
    """A RequestAuthentication, which refuses requests with an invalid token.

    Requests without a token still pass; a policy with `requestPrincipals` refuses them.
    """

    issuer: Annotated[str, Field(min_length=1)]
    """Issuer of the tokens, their `iss` claim."""
    selector: Labels | None = None
    """Labels of the workloads that check the tokens; by default every workload of the namespace."""
    jwks_uri: (
        Annotated[str, matching(r"^https?://\S+$", 'a URL such as "https://login.example.org/jwks.json"')] | None
    ) = None
    """URL of the issuer's public keys, which istiod fetches; by default the one of its OpenID discovery document."""
    jwks: Annotated[str, matching(r"^\s*\{", "a JSON Web Key Set as text")] | None = None
    """Public keys of the issuer as a JSON Web Key Set, instead of a URL."""
    audiences: tuple[str, ...] = ()
    """Accepted values of the `aud` claim; by default every value."""
    forward: bool = False
    """Pass the token on to the workload."""

    def conflicts(self) -> Iterator[str]:
        if self.jwks_uri and self.jwks:
            yield "jwksUri and jwks are both set; the keys come from one of them"
        if self.jwks and '"d"' in self.jwks:
            yield "jwks contains a private key (the field d): remove it and replace the key; public keys are enough"


CALLER_KEYS = ("source.principal", "source.namespace", "source.serviceAccount")
"""Condition keys whose values need mutual TLS, as `principals` and `namespaces` do."""
TOKEN_KEYS = "request.auth."
"""Beginning of the condition keys whose values come from a token."""


class Condition(Model):
    """A condition on a request, for what the other fields of a rule do not cover."""

    key: Annotated[
        str,
        matching(
            r"^(source\.(ip|namespace|principal|serviceAccount)|remote\.ip|destination\.(ip|port)|connection\.sni"
            r"|request\.auth\.(principal|audiences|presenter)"
            r"|request\.(headers|auth\.claims)(\[[^\[\]\s]+\])+|experimental\.\S+)$",
            'a key of Istio\'s conditions such as "request.headers[x-desk]" or "request.auth.claims[groups]"',
        ),
    ]
    """Attribute of the request (https://istio.io/latest/docs/reference/config/security/conditions)."""
    values: tuple[str, ...] = ()
    """Values of which the attribute must have one."""
    not_values: tuple[str, ...] = ()
    """Values of which the attribute must have none."""

    def conflicts(self) -> Iterator[str]:
        if not (self.values or self.not_values):
            yield f"{self.key} has neither values nor notValues"


class AccessRule(Model):
    """The callers and requests that a rule matches.

    A request must match every field that is given, by one of its values.
    """

    namespaces: tuple[NamespaceName, ...] = ()
    """Namespaces of the callers."""
    principals: tuple[Principal, ...] = ()
    """Identities of the callers, which are known only for calls with mutual TLS."""
    request_principals: tuple[RequestPrincipal, ...] = ()
    """Identities of the token in the request, as ISSUER/SUBJECT, or `*` for any valid token of
    traffic.authorization.tokens."""
    ip_blocks: tuple[Address, ...] = ()
    """Addresses or ranges of the callers, as the proxy sees the connection: pods have their own address, and requests
    through the ingress have the gateway's."""
    remote_ip_blocks: tuple[Address, ...] = ()
    """Addresses or ranges of the original clients, from X-Forwarded-For or the PROXY protocol, as far as the gateway
    trusts the proxies before it."""
    ports: tuple[Port, ...] = ()
    """Ports of the workload, not of its Service."""
    methods: tuple[Method, ...] = ()
    """HTTP methods of the request."""
    paths: tuple[Annotated[str, matching(r"^(/|\*)\S*$", 'a path, with "*" at one end for anything')], ...] = ()
    """Paths of the request."""
    when: tuple[Condition, ...] = ()
    """Further conditions, all of which must hold."""

    @property
    def needs_identity(self) -> bool:
        """Return True if the rule matches only callers with mutual TLS."""
        return bool(self.namespaces or self.principals or any(each.key in CALLER_KEYS for each in self.when))

    @property
    def needs_token(self) -> bool:
        """Return True if the rule matches only requests with a token that a RequestAuthentication accepted."""
        return bool(self.request_principals or any(each.key.startswith(TOKEN_KEYS) for each in self.when))

    def conflicts(self) -> Iterator[str]:
        if not any(getattr(self, name) for name in type(self).model_fields):
            yield (
                "has no condition (namespaces, principals, requestPrincipals, ipBlocks, remoteIpBlocks, ports, "
                "methods, paths or when) and would match every request; give at least one"
            )


class AccessPolicy(NamespacedItem):
    """An AuthorizationPolicy. A workload with an ALLOW policy refuses all other requests."""

    selector: Labels | None = None
    """Labels of the workloads that the policy applies to; by default every workload of the namespace."""
    action: Literal["ALLOW", "DENY", "CUSTOM"] = "ALLOW"
    """Action for matching requests; a DENY policy overrides every ALLOW policy. CUSTOM asks the authorizer, first of
    all: what it admits the other policies still judge."""
    authorizer: ObjectName | None = None
    """Name in `traffic.authorization.authorizers` of the one that CUSTOM asks."""
    rules: Annotated[tuple[AccessRule, ...], Field(min_length=1)]
    """Rules of the policy; it applies to a request that matches one of them."""

    def conflicts(self) -> Iterator[str]:
        if (self.action == "CUSTOM") != (self.authorizer is not None):
            yield f"action is {self.action}, and only CUSTOM needs authorizer; give both or none"
        for number, rule in enumerate(self.rules):
            if self.authorizer and (rule.needs_identity or rule.needs_token):
                yield f"rules[{number}] asks for an identity or a token, and CUSTOM comes before both are known"


class Authorizer(Model):
    """A service of yours that is asked about requests (Envoy's external authorization)."""

    service: ServiceHost
    """Service of the trading namespace by its name, any other by its full name, or a host of `traffic.external`."""
    port: Port
    """Port of the service."""
    protocol: Literal["http", "grpc"] = "http"
    """Form of the question: the request itself without its body (`http`), or Envoy's own API (`grpc`)."""
    headers: tuple[HeaderName, ...] = ()
    """Headers of the request that an authorizer by `http` gets too, beside Host and Authorization; `grpc` gets all."""
    upstream_headers: tuple[HeaderName, ...] = ()
    """Headers of an authorizer's answer by `http` that an admitted request takes on, in place of the client's own."""
    timeout: Duration = "2s"
    """Time limit of an answer."""
    fail_open: Annotated[bool, Weaker(ON, "requests pass while the authorizer does not answer")] = False
    """Admit requests while the authorizer does not answer; by default they get 403."""

    def conflicts(self) -> Iterator[str]:
        if self.protocol == "grpc" and (self.headers or self.upstream_headers):
            yield "headers and upstreamHeaders need protocol: http; grpc has headers in its messages"


class DefaultDeny(Model):
    """A default deny for a namespace: requests that no policy allows are refused."""

    enabled: Annotated[bool, Weaker(OFF, "callers that no policy names are admitted")] = False
    """Refuse every request that no policy allows. The default deny is created after all policies and deleted before
    them."""
    audit: Annotated[bool, Harmless("it only logs")] = False
    """Refuse nothing yet, and log the requests that the default deny would refuse (Istio's dry run): `operations
    verify` names their callers. `enabled` is the step after it."""
    allow_cut_off: Annotated[bool, Weaker(ON, "callers that the audit saw may be refused")] = False
    """Turn the default deny on although an audit saw callers that it refuses."""
    allow_ingress: Annotated[bool, Weaker(ON, "the ingress gateway is admitted")] = True
    """Allow the ingress gateway to call every workload."""
    allow_namespaces: Annotated[tuple[NamespaceName, ...] | None, Weaker(grows, "more namespaces are admitted")] = None
    """Namespaces whose workloads may call every workload; by default those of the namespace itself."""

    def conflicts(self) -> Iterator[str]:
        if self.enabled and self.audit:
            yield "enabled and audit are both true; audit logs what enabled refuses, so set one of them"


class Authorization(Model):
    """AuthorizationPolicies, and the trading namespace's default deny."""

    policies: Annotated[dict[ObjectName, AccessPolicy], Weaker(lets_more_in, "more callers may be admitted")] = {}
    """Policies by their names."""
    authorizers: Annotated[
        dict[Annotated[ObjectName, Field(max_length=52)], Authorizer],
        Weaker(loses, "another program may decide about requests"),
    ] = {}
    """Services that policies with `action: CUSTOM` ask; each is an extension provider of the mesh, NAME-authorizer."""
    tokens: Annotated[dict[ObjectName, TokenIssuer], Weaker(differs, "tokens of other issuers may be accepted")] = {}
    """Issuers of tokens (JWT) that callers may send, each a RequestAuthentication."""
    default_deny: DefaultDeny = DefaultDeny()
    """Default deny of the trading namespace; a further namespace has its own, `namespaces.NAME.defaultDeny`."""

    def conflicts(self) -> Iterator[str]:
        for name, policy in self.policies.items():
            if policy.authorizer and policy.authorizer not in self.authorizers:
                yield f"policies.{name}.authorizer is '{policy.authorizer}', which authorizers do not have; declare it"


class LegacyWorkloads(NamespacedItem):
    """A PeerAuthentication for workloads whose callers have no sidecar, an exception from STRICT."""

    selector: Labels = {"legacy": "true"}
    """Labels of the called workloads."""
    mode: Literal["PERMISSIVE", "DISABLE"] = "PERMISSIVE"
    """Mutual TLS mode of these workloads: PERMISSIVE accepts mutual TLS and plain text, DISABLE plain text only."""
