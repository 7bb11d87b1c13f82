"""The mesh beside a program's own resources, which wait for it."""

import pulumi
import pulumi_kubernetes as kubernetes

from components.mesh import Mesh

mesh = Mesh("mesh", {})  # its settings are in Pulumi.STACK.yaml, where the operations look
cluster = kubernetes.Provider("shop", context=mesh.outputs["cluster"]["context"])
kubernetes.core.v1.ConfigMap(
    "prices",
    metadata={"name": "prices", "namespace": mesh.outputs["tradingNamespace"]},
    data={"currency": "EUR"},
    opts=pulumi.ResourceOptions(provider=cluster, depends_on=[mesh]),
)
pulumi.export("mesh", mesh.outputs)
