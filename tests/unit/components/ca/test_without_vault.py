"""The mesh's CA where Vault makes none."""

import base64

import pulumi
import pytest
from pulumi.runtime import rpc

from components.ca import program, without_vault
from pi_mesh import inventory
from pi_mesh.cluster import signing_secret
from pi_mesh.cluster.authority import Authority
from pi_mesh.cluster.ca_state import Answer
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.recorder import Recording, record

SECRET = "kubernetes:core/v1:Secret"
ROOT, OTHER = authorities.make_root(), authorities.make_root("other")
SIGNING = authorities.make_ca("signing", ROOT)
CHAIN = SIGNING.pem + ROOT.pem
PEM = {"source": "pem", "chain": CHAIN}
MINE = {"ca-cert.pem": SIGNING.pem, "ca-key.pem": SIGNING.key, "cert-chain.pem": SIGNING.pem, "root-cert.pem": ROOT.pem}
ISTIODS = {"ca-cert.pem": ROOT.pem, "ca-key.pem": ROOT.key}


@pytest.fixture
def plug_in(monkeypatch):
    """Return `plug_in(ca)`: the resources for such a CA; `secrets` are in the cluster, by name."""

    def run(
        ca: dict, key: str = "", secrets: dict | None = None, live: Authority | None = None, **how: bool
    ) -> Recording:
        def read(_context: str, _namespace: str, name: str) -> dict | None:
            found = (secrets or {}).get(name)
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(without_vault.config, "secret_ca_key", lambda: pulumi.Output.secret(key) if key else None)
        monkeypatch.setattr(signing_secret, "read", read)
        mesh = inventory.of(make_settings(ca=ca))
        return record(lambda: program.plug_in(mesh, live or Authority(), Answer(), pulumi.ResourceOptions()), **how)

    return run


def files(recording: Recording) -> dict[str, str]:
    (secret,) = recording.of_type(SECRET)
    assert rpc.is_rpc_secret(secret.props["data"])
    content = rpc.unwrap_rpc_secret(secret.props["data"])
    return {name: base64.b64decode(encoded).decode() for name, encoded in content.items()}


def test_a_chain_with_its_key_becomes_istiods_secret_under_the_urn_that_vaults_has(plug_in):
    recording = plug_in(PEM, SIGNING.key)
    assert files(recording)["ca-cert.pem"] == SIGNING.pem
    assert [one.name for one in recording.of_type(SECRET)] == ["cacerts-secret"]


def test_further_roots_are_trusted_besides(plug_in):
    made = files(plug_in({**PEM, "alsoTrust": [OTHER.pem]}, SIGNING.key))
    assert sorted(made["root-cert.pem"]) == sorted(ROOT.pem + OTHER.pem)


def test_an_existing_secret_is_copied_for_istiod_and_left_alone(plug_in):
    recording = plug_in({"source": "secret", "secret": "mine"}, secrets={"mine": MINE})
    assert files(recording)["ca-key.pem"].startswith("-----BEGIN EC PRIVATE KEY")
    assert [one.props["metadata"]["name"] for one in recording.of_type(SECRET)] == ["cacerts"]


def test_the_secret_that_istiod_reads_anyway_is_checked_and_not_written(plug_in):
    assert plug_in({"source": "secret", "secret": "cacerts"}, secrets={"cacerts": MINE}).resources == []


def test_istiods_own_root_is_plugged_in_where_a_further_one_is_to_be_trusted(plug_in):
    made = files(plug_in({"alsoTrust": [OTHER.pem]}, secrets={"istio-ca-secret": ISTIODS}))
    assert made["ca-cert.pem"] == ROOT.pem
    assert sorted(made["root-cert.pem"]) == sorted(ROOT.pem + OTHER.pem)


def test_a_further_root_waits_until_istiod_has_made_its_own(plug_in):
    recording = plug_in({"alsoTrust": [OTHER.pem]})
    assert recording.resources == []
    assert "istiod has not made its root yet" in recording.logs[0]


OF_ANOTHER = {**MINE, "ca-key.pem": authorities.make_ca("another", ROOT).key}
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
def test_a_ca_that_can_not_be_used_is_one_line_without_the_key(plug_in, ca, key, secrets, line):
    with pytest.raises(pulumi.RunError) as refused:
        plug_in(ca, key, secrets)
    assert line in str(refused.value)
    assert "BEGIN" not in str(refused.value)


@pytest.mark.parametrize(("name", "registered"), [("mine", ["cacerts"]), ("cacerts", [])])
def test_a_preview_without_the_cluster_shows_what_will_be_without_its_content(plug_in, name, registered):
    silent = {name: ClusterUnreachable("no answer")}
    recording = plug_in({"source": "secret", "secret": name}, secrets=silent, preview=True)
    assert [one.props["metadata"]["name"] for one in recording.of_type(SECRET)] == registered


def test_the_stacks_own_secret_is_no_existing_one(plug_in):
    live = Authority(ROOT.pem, {name: MINE[name] for name in ("ca-cert.pem", "cert-chain.pem", "root-cert.pem")}, True)
    with pytest.raises(pulumi.RunError, match="is made by this stack"):
        plug_in({"source": "secret", "secret": "cacerts"}, secrets={"cacerts": MINE}, live=live)
