"""The owner's work in Vault before the mesh's key may stay there: cert-manager's login, as docs/vault.md says."""

from lab.cluster.names import CHECKOUT, certificate_file
from pi_mesh.catalog.cert_manager import ISSUER, audience
from tests.live.vault.server import Server

MOUNT, ROLE, POLICY = "jwt", "pi-mesh", "mesh-signing"
CONTROL = "istio-system"


def open_for_cert_manager(server: Server) -> None:
    """Give Vault the cluster's key of service account tokens, and let the Issuer's account sign."""
    vault = server.admin
    if f"{MOUNT}/" in vault.sys.list_auth_methods()["data"]:
        vault.sys.disable_auth_method(MOUNT)
    vault.sys.enable_auth_method("jwt", path=MOUNT)
    key = certificate_file("service-account").read_text()
    vault.write_data(f"auth/{MOUNT}/config", data={"jwt_validation_pubkeys": key})
    vault.sys.create_or_update_policy(POLICY, (CHECKOUT / "docs/vault/signing.hcl").read_text())
    vault.write_data(
        f"auth/{MOUNT}/role/{ROLE}",
        data={
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_subject": f"system:serviceaccount:{CONTROL}:{ISSUER}",
            "bound_audiences": audience(CONTROL),
            "token_policies": POLICY,
            "token_no_default_policy": True,
            "token_type": "batch",
            "token_ttl": "5m",
        },
    )
