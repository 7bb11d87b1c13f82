"""What a PKI mount needs besides its CA: where clients find it, who gets certificates of it, what is thrown away."""

import pulumi
from pulumi_vault import pkisecret

from settings.vault import VaultSettings

WORKLOAD_ROLE = "mesh-workload"
"""For workloads outside of the cluster, such as a VM: istiod signs those inside."""


def keep_house(name: str, settings: VaultSettings, mount: pulumi.Output[str], opts: pulumi.ResourceOptions) -> None:
    """The URLs go in before anything is issued: certificates carry them for life."""
    scheme = str(settings.address).partition(":")[0]
    service = f"{scheme}://vault.{settings.namespace}.svc:8200/v1/{settings.mount}"
    pkisecret.SecretBackendConfigUrls(
        f"{name}-urls",
        backend=mount,
        issuing_certificates=[f"{service}/ca"],
        crl_distribution_points=[f"{service}/crl"],
        opts=opts,
    )
    pkisecret.SecretBackendRole(
        f"{name}-role",
        backend=mount,
        name=WORKLOAD_ROLE,
        allowed_uri_sans=["spiffe://cluster.local/ns/*/sa/*"],
        allow_any_name=False,
        require_cn=False,
        key_type="ec",
        key_bits=256,
        max_ttl="86400",  # seconds, as Vault gives them back; proxies ask for a day at most
        opts=opts,
    )
    pkisecret.BackendConfigAutoTidy(
        f"{name}-tidy", backend=mount, enabled=True, tidy_cert_store=True, tidy_expired_issuers=True, opts=opts
    )
