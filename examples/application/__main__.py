"""A service in the mesh of another stack: cluster, namespace, address and identity are that stack's outputs."""

import pulumi
import pulumi_kubernetes as kubernetes

mesh = pulumi.StackReference(pulumi.Config().require("mesh"))
namespace, labels = mesh.require_output("tradingNamespace"), {"app": "trading-app", "version": "v1"}
provider = kubernetes.Provider("cluster", context=mesh.require_output("cluster")["context"])
opts = pulumi.ResourceOptions(provider=provider)
container = {
    "name": "trading-app",
    "image": pulumi.Config().require("image"),
    "ports": [{"containerPort": 8080}],
    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}},
}
kubernetes.apps.v1.Deployment(
    "trading-app",
    metadata={"name": "trading-app", "namespace": namespace},
    spec={
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    },
    opts=opts,
)
kubernetes.core.v1.Service(
    "trading-app",
    metadata={"name": "trading-app-service", "namespace": namespace},
    spec={"selector": {"app": "trading-app"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    opts=opts,
)
ingress = mesh.require_output("gateways")["istio-ingressgateway"]
# Pulumi hands every number of another stack over as a float.
address, port = ingress["addresses"][0], ingress["ports"]["http2"].apply("{:.0f}".format)
identity = ("spiffe://", mesh.require_output("trustDomain"), "/ns/", namespace, "/sa/default")
pulumi.export("url", pulumi.Output.concat("http://", address, ":", port))
pulumi.export("identity", pulumi.Output.concat(*identity))
