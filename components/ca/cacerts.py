"""The Secret `cacerts`, from which istiod reads a plugged-in CA."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from pi_mesh.names import EXTERNAL_CA_LABEL

NAME = "cacerts"
"""Name of the Secret; istiod mounts no other."""


@dataclass(frozen=True)
class CacertsArgs:
    """The Secret's namespace and content.

    `files` is the content by file name. None makes the Secret empty, and istiod then makes its own root.
    """

    namespace: pulumi.Input[str]
    files: pulumi.Output[Mapping[str, str]] | None


class Cacerts(pulumi.ComponentResource):
    """The Secret `cacerts`. The CA's key is nowhere else in the cluster, and is encrypted in the state."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: CacertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:vault:Cacerts", name, None, opts)
        secret = Secret(
            f"{name}-secret",
            metadata={"name": NAME, "namespace": args.namespace, "labels": {EXTERNAL_CA_LABEL: "vault"}},
            # Not `string_data`: with server-side apply a key removed from it would stay in the cluster.
            data=args.files.apply(_encoded) if args.files is not None else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = secret.metadata.apply(lambda metadata: metadata["name"])
        self.register_outputs({"name": self.name})


def _encoded(files: Mapping[str, str]) -> dict[str, str]:
    return {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
