"""An intermediate CA in Vault for the mesh's certificates, and its PKI mount; imported only if the stack makes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi
import pulumi_vault as vault
from pulumi_vault import pkisecret

from pi_mesh.catalog.cert_manager import ROLE
from pi_mesh.cluster.ca_state import VaultResource, WantedCa
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


Signed = tuple[pulumi.Output[str] | None, pulumi.Output[str] | None]
"""Certificate chain in PEM form, None until a CA outside Vault has signed; and the key of its first certificate."""


@dataclass(frozen=True)
class VaultCaArgs:
    """The CA to make, and the token that makes it.

    `token` is a secret. None lets the provider take VAULT_TOKEN, which then never reaches the state. `kept` holds the
    state's Vault resources, which stay because Vault could not be asked: for unchanged ones the engine has the plugin
    only check and compare, neither of which calls Vault.
    """

    ca: WantedCa
    token: pulumi.Output[str] | None = None
    kept: Mapping[str, VaultResource] | None = None


class VaultCa(pulumi.ComponentResource):
    """An intermediate CA whose key Vault makes, signed by Vault's own root or by a CA outside Vault."""

    request: pulumi.Output[str]
    """Signing request of the newest generation."""
    chain: pulumi.Output[str] | None
    """Certificate chain (PEM), the CA's certificate first, the root last; None until a CA outside Vault has signed."""
    key: pulumi.Output[str] | None
    """Secret with the key of the CA's certificate; None if the key stays in Vault."""

    def __init__(self, name: str, args: VaultCaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:vault:VaultCa", name, None, opts)
        self._name, self._settings = name, args.ca.settings
        self._stays: dict[str, Any] = {} if args.kept is None else {"ignore_changes": ["*"]}
        self._provider = vault.Provider(
            f"{name}-provider",
            address=self._settings.address,
            token=args.token,
            ca_cert_file=self._settings.ca_file,
            # A child token would need the right to make tokens.
            skip_child_token=True,
            # Arguments left out here would be read from the environment and stored in the state.
            skip_tls_verify=False,
            max_retries=2,
            max_lease_ttl_seconds=1200,
            opts=pulumi.ResourceOptions(parent=self, **self._stays),
        )
        self._mount = self._mounted()
        configure_mount(name, self._settings, self._mount.path, self._in_mount())
        if args.ca.role:
            sign_for_istiod(name, args.ca.role, self._mount.path, self._in_mount())
        for left_over, resource in (args.kept or {}).items():
            # Resources of earlier settings are deleted later, when Vault answers again.
            if left_over not in args.ca.resources():
                pulumi.CustomResource(resource.type, left_over, {}, self._in_mount())
        request = self._requested(self._settings.generation)
        self.request = request.csr
        self.chain, self.key = self._signed(request)
        self.register_outputs({"request": self.request})

    def _mounted(self) -> vault.Mount:
        return vault.Mount(
            f"{self._name}-mount",
            path=self._settings.mount,
            type="pki",
            description="The mesh's intermediate CA",
            max_lease_ttl_seconds=self._settings.ttl_hours * 3600,
            # Deleting the mount destroys the CA's key, so the user has to run `pulumi state unprotect` first.
            opts=pulumi.ResourceOptions(
                parent=self, provider=self._provider, protect=True, delete_before_replace=True, **self._stays
            ),
        )

    def _requested(self, generation: int) -> pkisecret.SecretBackendIntermediateCertRequest:
        return pkisecret.SecretBackendIntermediateCertRequest(
            f"{self._name}-request-{generation}",
            backend=self._mount.path,
            # An istiod that signs by itself needs the key, and Vault hands the key over only at this moment.
            type=self._settings.key,
            common_name=self._settings.common_name,
            key_type="ec",
            key_bits=256,  # the provider's default is an RSA size
            add_basic_constraints=True,
            exclude_cn_from_sans=True,
            opts=self._in_mount(),
        )

    def _signed(self, newest: pkisecret.SecretBackendIntermediateCertRequest) -> Signed:
        settings = self._settings
        if settings.signed_by == "vault":
            signature = self._sign(newest)
            chain = pulumi.Output.all(signature.certificate, signature.ca_chains).apply(
                lambda parts: "\n".join([parts[0], *parts[1]])
            )
        elif settings.signed:
            is_newest = settings.signed.generation == settings.generation
            newest = newest if is_newest else self._requested(settings.signed.generation)
            chain = pulumi.Output.from_input(settings.signed.chain)
        else:
            return None, None
        self._import(chain, settings.signed.generation if settings.signed else settings.generation)
        return chain, newest.private_key if settings.key == "exported" else None

    def _sign(
        self, request: pkisecret.SecretBackendIntermediateCertRequest
    ) -> pkisecret.SecretBackendRootSignIntermediate:
        return pkisecret.SecretBackendRootSignIntermediate(
            f"{self._name}-signature-{self._settings.generation}",
            backend=self._settings.root_mount,
            csr=request.csr,
            common_name=self._settings.common_name,
            ttl=self._settings.ttl,
            max_path_length=0,
            exclude_cn_from_sans=True,
            # The provider's update does not sign again: https://github.com/hashicorp/terraform-provider-vault (Update)
            opts=self._in_mount(replace_on_changes=["backend", "commonName", "ttl", "maxPathLength"]),
        )

    def _import(self, chain: pulumi.Output[str], generation: int) -> None:
        imported = pkisecret.SecretBackendIntermediateSetSigned(
            f"{self._name}-certificate-{generation}", backend=self._mount.path, certificate=chain, opts=self._in_mount()
        )
        # Without this resource the mount's first issuer would stay the default after a rotation.
        pkisecret.SecretBackendConfigIssuers(
            f"{self._name}-default-issuer",
            backend=self._mount.path,
            default=imported.imported_issuers[0],
            opts=self._in_mount(),
        )

    def _in_mount(self, **options) -> pulumi.ResourceOptions:
        """Return options for a resource in the mount, which Pulumi deletes as a whole with all of its content."""
        options |= self._stays
        return pulumi.ResourceOptions(parent=self, provider=self._provider, deleted_with=self._mount, **options)
