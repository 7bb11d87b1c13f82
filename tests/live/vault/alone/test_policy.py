"""The policy in docs/vault lets a Vault plugin work, and gives it nothing more."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hvac.exceptions import Forbidden

from operations.istiod_certificates import IssuedCertificate
from tests.live.vault.tls import handshake
from tests.support import authorities, vault_contract, vault_policy
from tests.support.authorities import Authority
from tests.support.plugin_process import Held, PluginError, PluginProcess
from tests.support.vault_alone import VaultAlone
from tests.support.vault_contract import CHANGES, EVERYTHING, ROLES, Table, configured

RECORDED = vault_contract.recorded()
CASES = [(name, situation) for name, situations in RECORDED.items() for situation in situations]


@pytest.fixture(scope="module")
def observed(plugin: Path) -> Table:
    """Return the plugin's calls in each situation, from Vault's audit log."""
    return vault_contract.observe(plugin)


@pytest.mark.parametrize(("name", "situation"), CASES, ids=str)
def test_the_calls_their_order_what_they_send_and_the_outcome_are_the_published_plugins(
    observed: Table, name: str, situation: str
):
    assert observed[name][situation] == RECORDED[name][situation]


def test_every_situation_is_recorded(observed: Table):
    assert {(name, situation) for name, each in observed.items() for situation in each} == set(CASES)


POLICY = vault_policy.FILE.read_text()
MOUNT = "mesh-ca-mount"


class Helped:
    """A plugin with a token of the policy, and another plugin that does what the first is refused."""

    def __init__(self, limited: PluginProcess, helper: PluginProcess, vault: VaultAlone) -> None:
        self._limited, self._helper, self._vault = limited, helper, vault

    def create(self, name: str, type_: str, inputs: dict[str, Any]) -> Held:
        try:
            return self._limited.create(type_, inputs)
        except PluginError:
            if name == MOUNT:
                self._vault.admin.sys.disable_secrets_engine(path=inputs["path"])
            return self._helper.create(type_, inputs)

    def do(self, method: str, *what: Any) -> Any:
        try:
            return getattr(self._limited, method)(*what)
        except PluginError:
            return getattr(self._helper, method)(*what)


def live(plugin: Helped, key: str) -> None:
    """Create, refresh, change and remove every resource of the program."""
    held = vault_contract.created(plugin.create, key)
    for name, one in held.items():
        plugin.do("read", one)
        if name in CHANGES:
            plugin.do("update", one, CHANGES[name])
    for name in (*ROLES, MOUNT):
        if name in held:
            plugin.do("delete", held[name])


@pytest.fixture(scope="module")
def lived(vault: VaultAlone, plugin: Path) -> dict[str, bool]:
    """Return the calls of a whole life with either kind of key, each with True if it was refused."""
    own, other = configured(plugin, vault, POLICY), configured(plugin, vault, EVERYTHING)
    with own as limited, other as helper, vault.requests() as seen:
        for key in ("internal", "exported"):
            live(Helped(limited, helper, vault), key)
    return {str(request): request.refused for request in reversed(seen)}


@pytest.mark.parametrize("call", sorted(vault_contract.asked()))
def test_the_policy_lets_the_plugin(lived: dict[str, bool], call: str):
    assert lived[call] is False


@pytest.fixture
def token(vault: VaultAlone) -> hvac.Client:
    """Return a client with a token of the policy."""
    return hvac.Client(url=vault.address, token=vault.token(POLICY))


@pytest.fixture(scope="module")
def request_(vault: VaultAlone) -> Iterator[str]:
    """Yield a signing request, for anybody's key."""
    vault.admin.sys.enable_secrets_engine("pki", path="pki_else")
    fields = {"common_name": "anything", "key_type": "ec"}
    yield vault.admin.write_data("pki_else/intermediate/generate/internal", data=fields)["data"]["csr"]
    vault.admin.sys.disable_secrets_engine(path="pki_else")


def sent(call: str) -> dict[str, Any]:
    """Return the data that the plugin sends with a call, by the recorded table."""
    return dict(vault_contract.asked()[call])


SIGN = "pki/root/sign-intermediate"
REFUSED = [
    {"common_name": "Another CA"},
    {"ttl": "87600h"},
    {"ttl": "8761h"},
    {"use_csr_values": True},
    {"not_after": "2099-01-01T00:00:00Z"},
    {"alt_names": "shop.example"},
    {"key_usage": ["DigitalSignature"]},
    {"permitted_dns_domains": "example"},
    {"max_path_length": None},
    {"common_name": None},
    {"ttl": None},
]


def signed(token: hvac.Client, request: str, changes: dict[str, Any]) -> x509.Certificate:
    body = {**sent(f"update {SIGN}"), "csr": request, **changes}
    given = {name: value for name, value in body.items() if value is not None}
    return x509.load_pem_x509_certificate(token.write_data(SIGN, data=given)["data"]["certificate"].encode())


def test_what_the_plugin_sends_is_signed(token: hvac.Client, request_: str):
    assert signed(token, request_, {}).extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


@pytest.mark.parametrize("changes", REFUSED, ids=str)
def test_nothing_else_is_signed(token: hvac.Client, request_: str, changes: dict[str, Any]):
    with pytest.raises(Forbidden):
        signed(token, request_, changes)


KEYS = "pki_int/issuers/generate/intermediate/exported"


@pytest.fixture(scope="module")
def mount(vault: VaultAlone) -> Iterator[None]:
    """Create the mount that the program makes, empty."""
    vault.admin.sys.enable_secrets_engine("pki", path="pki_int")
    yield
    vault.admin.sys.disable_secrets_engine(path="pki_int")


@pytest.mark.usefixtures("mount")
def test_the_key_that_the_plugin_asks_for_is_made(token: hvac.Client):
    assert token.write_data(KEYS, data=sent(f"update {KEYS}"))["data"]["private_key"]


@pytest.mark.usefixtures("mount")
@pytest.mark.parametrize("changes", [{"common_name": "Another CA"}, {"key_type": "rsa"}, {"alt_names": "a.b"}], ids=str)
def test_no_other_key_is_made(token: hvac.Client, changes: dict[str, Any]):
    with pytest.raises(Forbidden):
        token.write_data(KEYS, data={**sent(f"update {KEYS}"), **changes})


SIGNING = (vault_policy.FILE.parent / "signing.hcl").read_text()


@pytest.mark.usefixtures("mount")
def test_cert_manager_may_have_requests_signed_by_its_role_and_by_no_other(vault: VaultAlone, request_: str):
    vault.admin.write_data("pki_int/root/generate/internal", data={"common_name": "CA", "key_type": "ec"})
    anything = {"allow_any_name": True, "enforce_hostnames": False, "key_type": "any", "ttl": "1h"}
    for role in ("mesh-istiod", "mesh-workload"):
        vault.admin.write_data(f"pki_int/roles/{role}", data=anything)
    signer = hvac.Client(url=vault.address, token=vault.token(SIGNING))
    assert signer.write_data("pki_int/sign/mesh-istiod", data={"csr": request_})["data"]["certificate"]
    for path in ("pki_int/sign/mesh-workload", "pki_int/issue/mesh-istiod", SIGN):
        with pytest.raises(Forbidden):
            signer.write_data(path, data={"csr": request_})


def test_at_the_mounts_path_nothing_but_a_pki_is_mounted(token: hvac.Client):
    with pytest.raises(Forbidden):
        token.write_data("sys/mounts/pki_int", data={"type": "transit"})


def test_a_further_ca_below_the_one_that_was_signed_is_trusted_by_nobody(vault: VaultAlone, token: hvac.Client):
    # Vault compares no numbers, so it signs a longer path length: worth nothing under a root of path length 1.
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    ours = Authority(signed(token, request.public_bytes(Encoding.PEM).decode(), {"max_path_length": 5}), key)
    further = authorities.make_ca("A further CA", ours)
    workload = authorities.make_ca("workload", further, ca=False)
    issued = IssuedCertificate((workload.certificate, further.certificate, ours.certificate), workload.key.encode())
    with pytest.raises(ssl.SSLCertVerificationError, match="path length constraint exceeded"):
        handshake(issued, issued, vault.admin.read("pki/cert/ca")["data"]["certificate"])
