"""The lab's Vault with a root CA in it, and a token that may do what docs/vault/policy.hcl says and nothing else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import hvac

from lab.cluster import vault
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.names import CHECKOUT, certificate_file
from lab.workloads import CONTROL
from pi_mesh.catalog.cert_manager import ISSUER, audience
from tests.support import vault_policy
from tests.support.authorities import Authority, sign_request

POLICY = "pi-mesh"
ROOT_MOUNT = "pki"
TEN_YEARS = "87600h"
LOGIN, LOGIN_ROLE, SIGNING = "jwt", "pi-mesh", "mesh-signing"
LIVES = ("8760h", "4000h")  # the shipped vault.ttl, and the value that a test changes it to


@dataclass(frozen=True)
class Server:
    """The lab's Vault server. `admin` may do everything; the program never gets its token."""

    address: str
    admin: hvac.Client

    def token(self, **limits: object) -> str:
        """Return a token with the program's policy alone; `limits` such as num_uses."""
        made = self.admin.auth.token.create(policies=[POLICY], no_default_policy=True, ttl="2h", **limits)
        return made["auth"]["client_token"]

    def root(self, mount: str = ROOT_MOUNT) -> str:
        """Return the PEM of the root at a mount."""
        return self.admin.read(f"{mount}/cert/ca")["data"]["certificate"]

    def make_root(self, mount: str, name: str) -> str:
        """Make a root CA at a new mount, as docs/vault.md says; return its PEM."""
        self.admin.sys.enable_secrets_engine("pki", path=mount, config={"max_lease_ttl": TEN_YEARS})
        fields = {"common_name": name, "ttl": TEN_YEARS, "key_type": "ec", "max_path_length": 1}
        return self.admin.write_data(f"{mount}/root/generate/internal", data=fields)["data"]["certificate"]

    def make_intermediate(self, mount: str, name: str, root: Authority) -> None:
        """Create a CA at a new mount that an external root signed, and that may sign one further CA below it."""
        self.admin.sys.enable_secrets_engine("pki", path=mount, config={"max_lease_ttl": TEN_YEARS})
        request = {"common_name": name, "key_type": "ec"}
        asked = self.admin.write_data(f"{mount}/intermediate/generate/internal", data=request)
        chain = sign_request(asked["data"]["csr"], root, path_length=1, days=3000) + root.pem
        self.admin.write_data(f"{mount}/intermediate/set-signed", data={"certificate": chain})

    def remove(self, mount: str) -> None:
        self.admin.sys.disable_secrets_engine(path=mount)

    def allow(self, *root_mounts: str) -> None:
        """Give the program's token the repository's policy, for these roots and the tests' lives."""
        self._allow(vault_policy.for_roots(vault_policy.FILE.read_text(), *root_mounts))

    def allow_mount(self, *mounts: str) -> None:
        """Give the program's token the repository's policy, for these mounts of the CA besides the default one."""
        text = vault_policy.FILE.read_text()
        own = vault_policy.for_roots(text)
        self._allow(text + "".join(own.replace("pki_int", mount) for mount in mounts))

    def open_for_cert_manager(self) -> None:
        """Give Vault the cluster's key of service account tokens, and let the Issuer's account sign: docs/vault.md.

        This is the owner's work in Vault before the mesh's key may stay there.
        """
        if f"{LOGIN}/" in self.admin.sys.list_auth_methods()["data"]:
            self.admin.sys.disable_auth_method(LOGIN)
        self.admin.sys.enable_auth_method("jwt", path=LOGIN)
        key = certificate_file("service-account").read_text()
        self.admin.write_data(f"auth/{LOGIN}/config", data={"jwt_validation_pubkeys": key})
        self.admin.sys.create_or_update_policy(SIGNING, (CHECKOUT / "docs/vault/signing.hcl").read_text())
        role = {
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_subject": f"system:serviceaccount:{CONTROL}:{ISSUER}",
            "bound_audiences": audience(CONTROL),
            "token_policies": SIGNING,
            "token_no_default_policy": True,
            "token_type": "batch",
            "token_ttl": "5m",
        }
        self.admin.write_data(f"auth/{LOGIN}/role/{LOGIN_ROLE}", data=role)

    def _allow(self, policy: str) -> None:
        self.admin.sys.create_or_update_policy(POLICY, vault_policy.with_lives(policy, *LIVES))


def start() -> Server:
    """Start a Vault without data of an earlier run."""
    vault.up()
    server = Server(vault.address(), vault.connect())
    for mount in server.admin.sys.list_mounted_secrets_engines()["data"]:
        if mount.startswith("pki"):
            server.remove(mount)
    server.make_root(ROOT_MOUNT, "Pi root")
    server.allow(ROOT_MOUNT)
    return server


@contextmanager
def wiped() -> Iterator[Server]:
    """Run another, empty Vault at the same address for the block, and the earlier one afterwards."""
    data = CONTROL_PLANE.folder / vault.SERVER / "data"
    kept = {place: place.with_name(f"{place.name}-kept") for place in (data, vault.KEYS)}
    vault.down()
    for place, aside in kept.items():
        place.rename(aside)
    try:
        vault.up()
        yield Server(vault.address(), vault.connect())
    finally:
        vault.down()
        shutil.rmtree(data, ignore_errors=True)
        for place, aside in kept.items():
            aside.rename(place)
        vault.up()
