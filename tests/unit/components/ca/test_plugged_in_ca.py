"""The mesh's CA from a Certificate of cert-manager."""

import base64

import pulumi
import pytest
from pulumi.runtime import rpc

from components.ca import plugged_in_ca, program
from pi_mesh import inventory
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.ca_state import Answer
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.mesh_ca import Authority
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.recorder import Recording, record
from tests.support.vault_program import files

ROOT = authorities.make_root()
SIGNED = authorities.make_ca("signed", ROOT, path_length=None)
FILES = {"ca-cert.pem": SIGNED.pem, "ca-key.pem": SIGNED.key, "cert-chain.pem": SIGNED.pem, "root-cert.pem": ROOT.pem}
OLD_ROOT = authorities.make_root("old root")
OLD = authorities.make_ca("old", OLD_ROOT)
BEFORE = {"ca-cert.pem": OLD.pem, "ca-key.pem": OLD.key, "cert-chain.pem": OLD.pem, "root-cert.pem": OLD_ROOT.pem}
"""The files that istiod signs with."""
CERTIFICATE, SECRET = "kubernetes:cert-manager.io/v1:Certificate", "kubernetes:core/v1:Secret"
ISSUER = {"name": "pi", "kind": "ClusterIssuer", "ttl": "4000h"}


@pytest.fixture
def plug_in(monkeypatch):
    """Return `plug_in(ca, secret)`: the resources where cert-manager's Secret holds that, or cannot be read."""

    def run(ca: dict, secret: object = FILES, preview: bool = False, now: dict | None = None) -> Recording:
        def read(_context: str, _namespace: str, name: str) -> object:
            if isinstance(secret, Exception):
                raise secret
            return now if name == "cacerts" else secret

        monkeypatch.setattr(mesh_ca, "read_signing_secret", read)
        monkeypatch.setattr(mesh_ca, "is_certificate_signed", lambda *_: secret is FILES)
        monkeypatch.setattr(plugged_in_ca, "SECONDS", 0)
        mesh = inventory.mesh_inventory(make_settings(ca=ca))
        return record(lambda: program.plug_in(mesh, Authority(), Answer(), pulumi.ResourceOptions()), preview=preview)

    return run


def test_the_issuer_is_asked_for_a_ca_with_a_new_key_each_time(plug_in):
    (certificate,) = plug_in({"source": "issuer", "issuer": ISSUER}).of_type(CERTIFICATE)
    spec = certificate.props["spec"]
    assert (spec["isCA"], spec["duration"], spec["secretName"]) == (True, "4000h", "mesh-ca")
    assert spec["issuerRef"] == {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "pi"}
    assert spec["privateKey"]["rotationPolicy"] == "Always"
    assert certificate.props["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"


def test_what_it_signed_becomes_istiods_secret(plug_in):
    recording = plug_in({"source": "issuer", "issuer": ISSUER})
    assert files(recording)["ca-cert.pem"] == SIGNED.pem
    assert files(recording)["root-cert.pem"] == ROOT.pem


def test_with_another_source_the_certificate_is_made_and_nothing_is_signed_with_it(plug_in):
    recording = plug_in({"issuer": ISSUER})
    assert len(recording.of_type(CERTIFICATE)) == 1
    assert recording.of_type(SECRET) == []


def test_one_under_a_root_that_nobody_trusts_leaves_the_ca_that_signs(plug_in):
    recording = plug_in({"source": "issuer", "issuer": ISSUER, "alsoTrust": [ROOT.pem]}, now=BEFORE)
    made = files(recording)
    assert made["ca-cert.pem"] == OLD.pem
    assert sorted(made["root-cert.pem"]) == sorted(OLD_ROOT.pem + ROOT.pem)
    assert "CA unchanged: it is signed under 'root'" in recording.logs[0]
    assert "rotate-ca --root --issuer -s test" in recording.logs[0]


def test_one_whose_root_is_trusted_by_now_takes_over(plug_in):
    both = {**BEFORE, "root-cert.pem": OLD_ROOT.pem + ROOT.pem}
    assert files(plug_in({"source": "issuer", "issuer": ISSUER}, now=both))["ca-cert.pem"] == SIGNED.pem


@pytest.mark.parametrize("secret", [None, ClusterUnreachable("no answer")])
def test_a_preview_that_can_not_see_it_shows_all_else(plug_in, secret):
    recording = plug_in({"source": "issuer", "issuer": ISSUER}, secret, preview=True)
    assert len(recording.of_type(CERTIFICATE)) == 1


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        (None, "Secret istio-system/mesh-ca is not there; see why: `kubectl describe certificate mesh-ca`"),
        (ClusterUnreachable("no answer"), "Secret istio-system/mesh-ca can't be read: no answer"),
        ({}, "Secret istio-system/mesh-ca: has neither ca-cert.pem"),
        ({**FILES, "ca-key.pem": ROOT.key}, "the key does not belong to the certificate 'signed'"),
    ],
)
def test_a_ca_that_can_not_be_used_is_one_line_without_the_key(plug_in, secret, line):
    with pytest.raises(pulumi.RunError) as refused:
        plug_in({"source": "issuer", "issuer": ISSUER}, secret)
    assert line in str(refused.value)
    assert "BEGIN" not in str(refused.value)


SECRET_OF_WITHOUT_VAULT = "kubernetes:core/v1:Secret"
ROOT_OF_WITHOUT_VAULT, OTHER = authorities.make_root(), authorities.make_root("other")
SIGNING = authorities.make_ca("signing", ROOT_OF_WITHOUT_VAULT)
CHAIN = SIGNING.pem + ROOT_OF_WITHOUT_VAULT.pem
PEM = {"source": "pem", "chain": CHAIN}
MINE = {
    "ca-cert.pem": SIGNING.pem,
    "ca-key.pem": SIGNING.key,
    "cert-chain.pem": SIGNING.pem,
    "root-cert.pem": ROOT_OF_WITHOUT_VAULT.pem,
}
ISTIODS = {"ca-cert.pem": ROOT_OF_WITHOUT_VAULT.pem, "ca-key.pem": ROOT_OF_WITHOUT_VAULT.key}


@pytest.fixture
def plug_in_of_without_vault(monkeypatch):
    """Return `plug_in(ca)`: the resources for such a CA; `secrets` are in the cluster, by name."""

    def run(
        ca: dict, key: str = "", secrets: dict | None = None, live: Authority | None = None, **how: bool
    ) -> Recording:
        def read(_context: str, _namespace: str, name: str) -> dict | None:
            found = (secrets or {}).get(name)
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(plugged_in_ca.config, "secret_ca_key", lambda: pulumi.Output.secret(key) if key else None)
        monkeypatch.setattr(mesh_ca, "read_signing_secret", read)
        mesh = inventory.mesh_inventory(make_settings(ca=ca))
        return record(lambda: program.plug_in(mesh, live or Authority(), Answer(), pulumi.ResourceOptions()), **how)

    return run


def files_of_without_vault(recording: Recording) -> dict[str, str]:
    (secret,) = recording.of_type(SECRET_OF_WITHOUT_VAULT)
    assert rpc.is_rpc_secret(secret.props["data"])
    content = rpc.unwrap_rpc_secret(secret.props["data"])
    return {name: base64.b64decode(encoded).decode() for name, encoded in content.items()}


def test_a_chain_with_its_key_becomes_istiods_secret_under_the_urn_that_vaults_has(plug_in_of_without_vault):
    recording = plug_in_of_without_vault(PEM, SIGNING.key)
    assert files_of_without_vault(recording)["ca-cert.pem"] == SIGNING.pem
    assert [one.name for one in recording.of_type(SECRET_OF_WITHOUT_VAULT)] == ["cacerts-secret"]


def test_further_roots_are_trusted_besides(plug_in_of_without_vault):
    made = files_of_without_vault(plug_in_of_without_vault({**PEM, "alsoTrust": [OTHER.pem]}, SIGNING.key))
    assert sorted(made["root-cert.pem"]) == sorted(ROOT_OF_WITHOUT_VAULT.pem + OTHER.pem)


def test_an_existing_secret_is_copied_for_istiod_and_left_alone(plug_in_of_without_vault):
    recording = plug_in_of_without_vault({"source": "secret", "secret": "mine"}, secrets={"mine": MINE})
    assert files_of_without_vault(recording)["ca-key.pem"].startswith("-----BEGIN EC PRIVATE KEY")
    assert [one.props["metadata"]["name"] for one in recording.of_type(SECRET_OF_WITHOUT_VAULT)] == ["cacerts"]


def test_the_secret_that_istiod_reads_anyway_is_checked_and_not_written(plug_in_of_without_vault):
    assert (
        plug_in_of_without_vault({"source": "secret", "secret": "cacerts"}, secrets={"cacerts": MINE}).resources == []
    )


def test_istiods_own_root_is_plugged_in_where_a_further_one_is_to_be_trusted(plug_in_of_without_vault):
    made = files_of_without_vault(
        plug_in_of_without_vault({"alsoTrust": [OTHER.pem]}, secrets={"istio-ca-secret": ISTIODS})
    )
    assert made["ca-cert.pem"] == ROOT_OF_WITHOUT_VAULT.pem
    assert sorted(made["root-cert.pem"]) == sorted(ROOT_OF_WITHOUT_VAULT.pem + OTHER.pem)


def test_a_further_root_waits_until_istiod_has_made_its_own(plug_in_of_without_vault):
    recording = plug_in_of_without_vault({"alsoTrust": [OTHER.pem]})
    assert recording.resources == []
    assert "istiod has not made its root yet" in recording.logs[0]


OF_ANOTHER = {**MINE, "ca-key.pem": authorities.make_ca("another", ROOT_OF_WITHOUT_VAULT).key}
SECRET_MINE = {"source": "secret", "secret": "mine"}


@pytest.mark.parametrize(
    ("ca", "key", "secrets", "line"),
    [
        (PEM, "", {}, "caKey: is not set, and ca.source is pem; `pulumi config set --secret caKey"),
        (PEM, OF_ANOTHER["ca-key.pem"], {}, "ca: the key does not belong to the certificate 'signing'"),
        (PEM, "no key", {}, "ca: key: is not an unencrypted private key"),
        ({**PEM, "chain": SIGNING.pem}, SIGNING.key, {}, "ca: the chain ends at 'signing'"),
        (SECRET_MINE, "", {}, "ca.secret: Secret istio-system/mine does not exist"),
        (SECRET_MINE, "", {"mine": {}}, "ca.secret: Secret istio-system/mine: has neither ca-cert.pem"),
        (SECRET_MINE, "", {"mine": OF_ANOTHER}, "the key does not belong to the certificate 'signing'"),
        (SECRET_MINE, "", {"mine": ClusterUnreachable("no answer")}, "mine can't be read: no answer"),
    ],
)
def test_a_ca_that_can_not_be_used_is_one_line_without_the_key_of_without_vault(
    plug_in_of_without_vault, ca, key, secrets, line
):
    with pytest.raises(pulumi.RunError) as refused:
        plug_in_of_without_vault(ca, key, secrets)
    assert line in str(refused.value)
    assert "BEGIN" not in str(refused.value)


@pytest.mark.parametrize(("name", "registered"), [("mine", ["cacerts"]), ("cacerts", [])])
def test_a_preview_without_the_cluster_shows_what_will_be_without_its_content(
    plug_in_of_without_vault, name, registered
):
    silent = {name: ClusterUnreachable("no answer")}
    recording = plug_in_of_without_vault({"source": "secret", "secret": name}, secrets=silent, preview=True)
    assert [one.props["metadata"]["name"] for one in recording.of_type(SECRET_OF_WITHOUT_VAULT)] == registered


def test_the_stacks_own_secret_is_no_existing_one(plug_in_of_without_vault):
    live = Authority(
        ROOT_OF_WITHOUT_VAULT.pem,
        {name: MINE[name] for name in ("ca-cert.pem", "cert-chain.pem", "root-cert.pem")},
        True,
    )
    with pytest.raises(pulumi.RunError, match="is made by this stack"):
        plug_in_of_without_vault({"source": "secret", "secret": "cacerts"}, secrets={"cacerts": MINE}, live=live)
