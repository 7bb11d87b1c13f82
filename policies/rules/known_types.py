"""A stack of this program has the types of resources that the program makes, and no others."""

import re
from collections.abc import Iterator

from .resource import is_kind
from .rule import MANDATORY, Bounds, Resource, Rule, strings
from .tree import at, items, text

_ISTIO = "DestinationRule|EnvoyFilter|Gateway|ServiceEntry|Sidecar|VirtualService"
_GATEWAY_API = "Gateway|GRPCRoute|HTTPRoute|TCPRoute|TLSRoute"
_SECURITY = "AuthorizationPolicy|PeerAuthentication|RequestAuthentication"
KNOWN = re.compile(
    "|".join(
        (
            r"pulumi:(pulumi:(Stack|StackReference)|providers:[\w-]+)",
            r"pi-mesh:.*",
            r"kubernetes:helm\.sh/v[0-9]+:(Release|Chart)",
            r"kubernetes:core/v1:(ConfigMap|LimitRange|Namespace|ResourceQuota|Secret|ServiceAccount)",
            r"kubernetes:networking\.k8s\.io/v1:NetworkPolicy",
            r"kubernetes:rbac\.authorization\.k8s\.io/v1:(Role|RoleBinding)",
            r"kubernetes:admissionregistration\.k8s\.io/v1:MutatingWebhookConfiguration",
            r"kubernetes:apiextensions\.k8s\.io/v1:CustomResourceDefinition",
            r"kubernetes:cert-manager\.io/v1:(Certificate|Issuer)",
            rf"kubernetes:networking\.istio\.io/v\w+:({_ISTIO})",
            rf"kubernetes:gateway\.networking\.k8s\.io/v1:({_GATEWAY_API})",
            rf"kubernetes:security\.istio\.io/v\w+:({_SECURITY})",
            r"kubernetes:telemetry\.istio\.io/v\w+:Telemetry",
            r"vault:(index/mount:Mount|generic/endpoint:Endpoint|pkiSecret/(secretBackend\w+|backendConfigAutoTidy):\w+)",
        )
    )
)
"""Types that the program registers; a test registers all of them."""
LIMITS = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
TAG = "istio-revision-tag-"
"""Beginning of the names of the program's own webhooks."""


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    kind, name = resource.resource_type, text(resource.props, "metadata.name") or ""
    if kind in bounds["types"]:
        return
    if not KNOWN.fullmatch(kind):
        yield f"no rule judges resources of the type {kind}"
    elif is_kind(resource, "admissionregistration.k8s.io/MutatingWebhookConfiguration") and not name.startswith(TAG):
        yield f"the webhook {name} may change every new pod, and is not a revision tag of the mesh"
    elif is_kind(resource, "ConfigMap") and re.match(r"istio($|-)", name):
        yield f"the ConfigMap {name} is istiod's own configuration, which the release of istiod writes"
    elif is_kind(resource, "networking.istio.io/EnvoyFilter"):
        for patch in items(resource.props, "spec.configPatches"):
            keys = ("applyTo", "patch.operation", "patch.value.typed_config.@type")
            if [text(patch, key) for key in keys] != ["HTTP_FILTER", "INSERT_BEFORE", LIMITS]:
                yield f"the EnvoyFilter {name} does more than to limit requests"
    elif is_kind(resource, "networking.istio.io/Sidecar"):
        for listener in items(resource.props, "spec.ingress"):
            if at(listener, "captureMode") == "NONE":
                yield "an ingress listener with captureMode NONE takes connections past mutual TLS"


RULE = Rule(
    "known-types",
    "A stack has only the types of resources that this program makes",
    MANDATORY,
    "what no rule can read could switch the mesh's protection off",
    "remove it, or name its type in `types` of this rule in the policy config",
    {"types": strings([], "further types that a stack may have, such as `aws:s3/bucket:Bucket`")},
    breaches=breaches,
)
