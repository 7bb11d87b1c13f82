"""The mesh's CA without Vault: from the settings, from a Secret, from cert-manager, or istiod's own."""

import pulumi
import pytest

from components.ca import plugged_in_ca, program
from pi_mesh import inventory
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.ca_state import Answer
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.mesh_ca import Authority
from tests.support import authorities
from tests.support.factories import ALWAYS, make_settings
from tests.support.findings import case, table
from tests.support.recorder import Recording, record
from tests.support.vault_program import files

CERTIFICATE, SECRET = "kubernetes:cert-manager.io/v1:Certificate", "kubernetes:core/v1:Secret"
ROOT, OLD_ROOT = authorities.make_root(), authorities.make_root("old root")
OLD = authorities.make_ca("old", OLD_ROOT)
SIGNED, SIGNING = authorities.make_ca("signed", ROOT, path_length=None), authorities.make_ca("signing", ROOT)
NO_CA, SILENT = Authority(), ClusterUnreachable("no answer")


def bundle(ca: authorities.Authority, root: authorities.Authority) -> dict[str, str]:
    return {"ca-cert.pem": ca.pem, "ca-key.pem": ca.key, "cert-chain.pem": ca.pem, "root-cert.pem": root.pem}


MINE, BEFORE = bundle(SIGNED, ROOT), bundle(OLD, OLD_ROOT)
OF_ANOTHER = {**MINE, "ca-key.pem": authorities.make_ca("another", ROOT).key}
ISTIODS = {"ca-cert.pem": ROOT.pem, "ca-key.pem": ROOT.key}
ISSUED = {"source": "issuer", "issuer": {"name": "pi", "kind": "ClusterIssuer", "ttl": "4000h"}}
PEM = {"source": "pem", "chain": SIGNING.pem + ROOT.pem}
FROM_MINE, FROM_CACERTS = ({"source": "secret", "secret": name} for name in ("mine", "cacerts"))
FURTHER = {"alsoTrust": [OLD_ROOT.pem]}
BOTH_ROOTS = sorted(OLD_ROOT.pem + ROOT.pem)


@pytest.fixture
def plug_in(monkeypatch):
    """Return `plug_in(ca, key, **secrets)`: the resources for such a CA where the cluster has these Secrets.

    `mesh_ca` is the Secret of cert-manager, whose Certificate is ready if it holds `MINE`.
    """

    def run(ca: dict, key="", preview=False, live=NO_CA, hours=None, **secrets: object) -> Recording:
        def read(_context: str, _namespace: str, name: str) -> object:
            secret = secrets.get(name.replace("-", "_"))
            if isinstance(secret, Exception):
                raise secret
            return secret

        monkeypatch.setattr(plugged_in_ca.config, "secret", lambda _: pulumi.Output.secret(key) if key else None)
        monkeypatch.setattr(mesh_ca, "read_signing_secret", read)
        monkeypatch.setattr(mesh_ca, "is_certificate_signed", lambda *_: secrets.get("mesh_ca") is MINE)
        monkeypatch.setattr(plugged_in_ca, "SECONDS", 0)
        trading = {"hours": hours} if hours else {}
        mesh = inventory.mesh_inventory(make_settings(ca=ca, trading=trading))
        return record(lambda: program.plug_in(mesh, live, Answer(), pulumi.ResourceOptions()), preview=preview)

    return run


def names(recording: Recording) -> list[str]:
    return [secret.props["metadata"]["name"] for secret in recording.of_type(SECRET)]


def test_the_issuer_is_asked_for_a_ca_and_what_it_signed_becomes_istiods_secret(plug_in):
    recording = plug_in(ISSUED, mesh_ca=MINE)
    (certificate,) = recording.of_type(CERTIFICATE)
    assert certificate.props["spec"]["duration"] == "4000h"
    assert certificate.props["spec"]["issuerRef"]["kind"] == "ClusterIssuer"
    assert (files(recording)["ca-cert.pem"], files(recording)["root-cert.pem"]) == (SIGNED.pem, ROOT.pem)


def test_with_another_source_the_certificate_is_made_and_nothing_is_signed_with_it(plug_in):
    recording = plug_in({"issuer": ISSUED["issuer"]}, mesh_ca=MINE)
    assert (len(recording.of_type(CERTIFICATE)), names(recording)) == (1, [])


def test_one_under_a_root_that_nobody_trusts_leaves_the_ca_that_signs(plug_in):
    recording = plug_in({**ISSUED, "alsoTrust": [ROOT.pem]}, mesh_ca=MINE, cacerts=BEFORE)
    assert files(recording)["ca-cert.pem"] == OLD.pem
    assert sorted(files(recording)["root-cert.pem"]) == BOTH_ROOTS
    assert "CA unchanged: it is signed under 'root'" in recording.logs[0]
    assert "rotate-ca --root --issuer -s test" in recording.logs[0]


TRUSTED = {**BEFORE, "root-cert.pem": OLD_ROOT.pem + ROOT.pem}
ROOTLESS = {"ca-cert.pem": OLD.pem, "ca-key.pem": OLD.key, "cert-chain.pem": OLD.pem + OLD_ROOT.pem}


@table(
    case("one whose root is trusted by now", ISSUED, "", {"mesh_ca": MINE, "cacerts": TRUSTED}, SIGNED, [ROOT]),
    case("the one whose chain names its root", ISSUED, "", {"mesh_ca": MINE, "cacerts": ROOTLESS}, OLD, [OLD_ROOT]),
    case("istiod's own root beside a further one", FURTHER, "", {"istio_ca_secret": ISTIODS}, ROOT, [OLD_ROOT, ROOT]),
    case("the chain with its key", PEM, SIGNING.key, {}, SIGNING, [ROOT]),
    case("that of an existing Secret, which is copied", FROM_MINE, "", {"mine": MINE}, SIGNED, [ROOT]),
)
def test_the_ca_that_istiod_signs_with_is_under_the_urn_that_vaults_has(plug_in, ca, key, secrets, signer, roots):
    recording = plug_in(ca, key, **secrets)
    made = files(recording)
    assert (made["ca-cert.pem"], made["ca-key.pem"][:30]) == (signer.pem, "-----BEGIN EC PRIVATE KEY-----")
    assert sorted(made["root-cert.pem"]) == sorted("".join(root.pem for root in roots))
    assert [(secret.name, *names(recording)) for secret in recording.of_type(SECRET)] == [("cacerts-secret", "cacerts")]


@pytest.mark.parametrize("secret", [None, SILENT])
def test_a_preview_that_can_not_see_it_shows_all_else(plug_in, secret):
    assert len(plug_in(ISSUED, preview=True, mesh_ca=secret).of_type(CERTIFICATE)) == 1


def test_the_secret_that_istiod_reads_anyway_is_checked_and_not_written(plug_in):
    assert plug_in(FROM_CACERTS, cacerts=MINE).resources == []


def test_a_further_root_waits_until_istiod_has_made_its_own(plug_in):
    recording = plug_in(FURTHER)
    assert recording.resources == []
    assert "istiod has not made its root yet" in recording.logs[0]


@table(
    (ISSUED, "", {}, "Secret istio-system/mesh-ca is not there; see why: `kubectl describe certificate mesh-ca`"),
    (ISSUED, "", {"mesh_ca": SILENT}, "Secret istio-system/mesh-ca can't be read: no answer"),
    (ISSUED, "", {"mesh_ca": OF_ANOTHER}, "the key does not belong to the certificate 'signed'"),
    (PEM, "", {}, "caKey: is not set, and ca.source is pem; `pulumi config set --secret caKey"),
    (PEM, OF_ANOTHER["ca-key.pem"], {}, "ca: the key does not belong to the certificate 'signing'"),
    ({**PEM, "chain": SIGNING.pem}, SIGNING.key, {}, "ca: the chain ends at 'signing'"),
    (FROM_MINE, "", {}, "ca.secret: Secret istio-system/mine does not exist"),
    (FROM_MINE, "", {"mine": OF_ANOTHER}, "the key does not belong to the certificate 'signed'"),
    (FROM_MINE, "", {"mine": SILENT}, "mine can't be read: no answer"),
)
def test_a_ca_that_can_not_be_used_is_one_line_without_the_key(plug_in, ca, key, secrets, line):
    with pytest.raises(pulumi.RunError) as refused:
        plug_in(ca, key, **secrets)
    assert line in str(refused.value)
    assert "BEGIN" not in str(refused.value)


@pytest.mark.parametrize(("ca", "registered"), [(FROM_MINE, ["cacerts"]), (FROM_CACERTS, [])])
def test_a_preview_without_the_cluster_shows_what_will_be_without_its_content(plug_in, ca, registered):
    assert names(plug_in(ca, preview=True, mine=SILENT, cacerts=SILENT)) == registered


def test_the_stacks_own_secret_is_no_existing_one(plug_in):
    own = Authority(ROOT.pem, {name: text for name, text in MINE.items() if name != "ca-key.pem"}, True)
    with pytest.raises(pulumi.RunError, match="is made by this stack"):
        plug_in(FROM_CACERTS, live=own, cacerts=MINE)


RUNNING = Authority(ROOT.pem, {name: MINE[name] for name in ("ca-cert.pem", "cert-chain.pem", "root-cert.pem")}, True)
OF_SIGNING = {"mine": bundle(SIGNING, ROOT), "mesh_ca": bundle(SIGNING, ROOT), "cacerts": MINE}
REPLACES = "an `up` replaces the CA that signs every certificate, and trading goes on until"


@pytest.mark.parametrize("ca", [PEM, FROM_MINE, ISSUED, {}], ids=["pem", "secret", "issuer", "istiod"])
def test_another_ca_waits_until_trading_ends_and_a_preview_warns(plug_in, ca):
    key = SIGNING.key if ca is PEM else ""
    with pytest.raises(pulumi.RunError) as refused:
        plug_in(ca, key, live=RUNNING, hours=ALWAYS, **OF_SIGNING)
    assert REPLACES in str(refused.value)
    assert str(refused.value).endswith("; the CA was not changed")
    logs = plug_in(ca, key, preview=True, live=RUNNING, hours=ALWAYS, **OF_SIGNING).logs
    assert len([line for line in logs if REPLACES in line]) == 1


def test_another_ca_is_taken_within_trading_hours_where_its_caller_says_so(plug_in, monkeypatch):
    monkeypatch.setenv(trading_hours.VARIABLE, trading_hours.ALLOWED)
    assert files(plug_in(PEM, SIGNING.key, live=RUNNING, hours=ALWAYS))["ca-cert.pem"] == SIGNING.pem


@pytest.mark.parametrize("live", [RUNNING, NO_CA], ids=["the same CA", "a first install"])
def test_within_trading_hours_a_ca_that_signs_already_and_a_first_one_are_taken(plug_in, live):
    assert files(plug_in(FROM_MINE, live=live, hours=ALWAYS, mine=MINE))["ca-cert.pem"] == SIGNED.pem
