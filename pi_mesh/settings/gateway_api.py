"""The Kubernetes Gateway API: istiod's controllers for it, and the Gateways that get pods of their own."""

from typing import Annotated, Literal

from pi_mesh.facts import Harmless, Helm, NoHelm, Weaker, falls, replaces
from pi_mesh.model import Model, Replicas, ResourceProfile, Sha256, matching

CLASS = "gatewayClasses.istio"
MODES = ("managed", "routes", "off")
SWITCHES = ("PILOT_ENABLE_GATEWAY_API", "PILOT_ENABLE_GATEWAY_API_STATUS")
DEPLOYMENTS = "PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER"
"""Variables of istiod (istio/istio, pilot/pkg/features/experimental.go), all of which are true by default."""


class ApiCrds(Model):
    """The CRDs of the standard channel of one release of the Gateway API."""

    version: Annotated[
        str,
        matching(r"^1\.\d+\.\d+$", 'a release of the Gateway API such as "1.6.3"'),
        Harmless("an older one is refused"),
    ]
    """Release whose CRDs this stack installs, and leaves in the cluster when it is destroyed. Its
    `standard-install.yaml` is the file charts/gateway-api-VERSION.yaml beside the stack file."""
    sha256: Annotated[Sha256, Weaker(replaces, "the CRDs come from another file")]
    """Sum of that file, as the page of the release has it; another file is not installed."""

    @property
    def file(self) -> str:
        return f"charts/gateway-api-{self.version}.yaml"

    @property
    def url(self) -> str:
        releases = "https://github.com/kubernetes-sigs/gateway-api/releases/download"
        return f"{releases}/v{self.version}/standard-install.yaml"


class GatewayApiSettings(Model):
    """Gateways and routes of the Kubernetes Gateway API (gateway.networking.k8s.io)."""

    mode: Annotated[
        Literal["off", "routes", "managed"] | None,
        *(Helm("istiod", f"pilot.env.{name}") for name in (*SWITCHES, DEPLOYMENTS)),
        Weaker(
            lambda before, after: falls(*MODES)(before or MODES[0], after or MODES[0]),
            "whoever may create a Gateway or a route of the Gateway API changes what the mesh serves",
        ),
    ] = None
    """`managed`: each Gateway of the class `istio` gets pods and a LoadBalancer of its own, as Istio does by default.
    `routes`: none gets pods of its own; routes attach to Gateways beside this stack's gateway that name it in their
    `addresses`. `off`: istiod reads no object of this API. By default as managed, and preflight warns of each Gateway
    with pods."""
    crds: Annotated[ApiCrds | None, NoHelm("CRDs")] = None
    """CRDs that this stack installs; by default none: k3s brings them with its Traefik."""
    resources: Annotated[ResourceProfile | None, Helm("istiod", f"{CLASS}.deployment.spec.template")] = None
    """Requests and limits of each pod of the Gateways, by default proxy.resources. A Gateway can override this and the
    next two keys by `infrastructure.parametersRef`; all three need Istio 1.26."""
    replicas: Annotated[
        Replicas | None,
        Helm("istiod", f"{CLASS}.deployment.spec.replicas"),
        Helm("istiod", f"{CLASS}.podDisruptionBudget"),
    ] = None
    """Number of pods of each Gateway, by default one; of two or more, one stays up while nodes are drained."""
    service_type: Annotated[
        Literal["LoadBalancer", "NodePort", "ClusterIP"] | None,
        Helm("istiod", f"{CLASS}.service"),
        Harmless("whoever creates a Gateway can choose it too"),
    ] = None
    """Type of each Gateway's Service, by default LoadBalancer."""

    @property
    def has_defaults(self) -> bool:
        """Return True if a setting changes what each Gateway of the class gets."""
        return any((self.resources, self.replicas, self.service_type))
