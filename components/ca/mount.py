"""The PKI mount of the mesh's intermediate CA: its URLs, its Vault PKI roles and its tidying."""

from functools import partial

import pulumi
from pulumi_vault import pkisecret

from pi_mesh.catalog.cert_manager import ROLE
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.values.vault import SigningRole

WORKLOAD_ROLE = "mesh-workload"
"""Name of the Vault PKI role for workloads outside the cluster, such as a VM."""
IDENTITIES = ["spiffe://cluster.local/ns/*/sa/*"]


def configure_mount(
    name: str, settings: VaultSettings, mount: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> None:
    """Register the mount's URLs, its tidying and, if asked for, the Vault PKI role for workloads outside the cluster.

    The URLs are set before anything is issued, because certificates carry them for life.
    """
    service = f"{settings.service}/v1/{settings.mount}"
    pkisecret.SecretBackendConfigUrls(
        f"{name}-urls",
        backend=mount,
        issuing_certificates=[f"{service}/ca"],
        crl_distribution_points=[f"{service}/crl"],
        opts=opts,
    )
    pkisecret.BackendConfigAutoTidy(
        f"{name}-tidy", backend=mount, enabled=True, tidy_cert_store=True, tidy_expired_issuers=True, opts=opts
    )
    if settings.workload_role:
        _role(
            f"{name}-role",
            backend=mount,
            name=WORKLOAD_ROLE,
            allow_any_name=False,
            key_type="ec",
            key_bits=256,
            max_ttl="86400",  # seconds, as Vault returns them; proxies ask for at most a day
            opts=opts,
        )


def sign_for_istiod(name: str, role: SigningRole, mount: pulumi.Output[str], opts: pulumi.ResourceOptions) -> None:
    """Register the Vault PKI role for istiod's requests. Any key type is allowed, since each proxy has its own key."""
    _role(
        f"{name}-istiod-role",
        backend=mount,
        name=ROLE,
        allowed_domains=list(role.hosts),
        allow_bare_domains=True,
        key_type="any",
        key_bits=0,
        max_ttl=str(role.longest),
        # Each proxy asks hourly; Vault need not write every certificate to a Pi's SD card.
        no_store=True,
        opts=opts,
    )


_role = partial(
    pkisecret.SecretBackendRole,
    allowed_uri_sans=IDENTITIES,
    require_cn=False,
    # Vault's default for each of these is true.
    allow_ip_sans=False,
    allow_localhost=False,
    allow_wildcard_certificates=False,
)
