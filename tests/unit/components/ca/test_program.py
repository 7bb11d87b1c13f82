"""The CA's part of the program: its resources, its key, which stays a secret, and changes of the mesh's root."""

import sys

import pulumi
import pytest
from pulumi.runtime import rpc

from components.ca import program
from pi_mesh.certificates import trust
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.settings import parse_any
from tests.support import authorities, vault_program
from tests.support.findings import case, table
from tests.support.recorder import record
from tests.support.vault_program import MADE, OUTSIDE, REQUEST, ROOT, SECRET, SIGNATURE, SIGNING, files, live, plug_in
from tests.support.vault_server import GOOD_TOKEN, vault_server

HANDED_OVER = {"certificateAuthority": {"chain": SIGNING.pem + ROOT.pem, "key": SIGNING.key}}
OF_ANOTHER_STACK = {vault_program.STACK: {"outputs": HANDED_OVER, "secretOutputNames": ["certificateAuthority"]}}


def test_vault_makes_an_elliptic_key_and_signs_for_a_year_below_a_protected_mount():
    recording = plug_in()
    request, signature = recording.one("mesh-ca-request-1"), recording.one("mesh-ca-signature-1")
    assert (request.props["type"], request.props["keyType"], request.props["keyBits"]) == ("exported", "ec", 256)
    assert "privateKey" in request.secret_outputs
    assert (signature.props["maxPathLength"], signature.props["ttl"]) == (0, "8760h")
    assert recording.one("mesh-ca-mount").protect is True


def test_a_new_generation_is_a_new_key_a_new_signature_and_a_new_certificate():
    names = {resource.name for resource in plug_in(generation=2).resources}
    assert {"mesh-ca-request-2", "mesh-ca-signature-2", "mesh-ca-certificate-2"} <= names
    assert not {name for name in names if name.endswith("-1")}


def test_a_ca_outside_of_vault_signs_nothing_in_vault_and_until_then_only_its_request_is_made():
    recording, unsigned = plug_in(**OUTSIDE), plug_in(signedBy="outside")
    assert (recording.of_type(SIGNATURE), unsigned.of_type(SECRET)) == ([], [])
    assert [made.exports["certificateRequest"] for made in (recording, unsigned)] == ["the request"] * 2
    assert files(recording)["root-cert.pem"] == ROOT.pem


def test_a_newer_request_leaves_the_mesh_with_the_key_that_was_signed():
    recording = plug_in(**OUTSIDE, generation=2)
    assert {one.name for one in recording.of_type(REQUEST)} == {"mesh-ca-request-1", "mesh-ca-request-2"}
    assert [one.name for one in recording.of_type(vault_program.CERTIFICATE)] == ["mesh-ca-certificate-1"]


def test_a_stack_of_its_own_hands_chain_and_key_over_as_one_secret(monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", GOOD_TOKEN)
    with vault_server(ROOT.pem) as address:
        settings = parse_any({"vault": {"enabled": True, "address": address}})
        recording = record(lambda: program.deploy_ca(settings), outputs=MADE)
    made = recording.exports["certificateAuthority"]
    assert rpc.is_rpc_secret(made)
    assert rpc.unwrap_rpc_secret(made)["key"] == SIGNING.key


def test_a_mesh_that_takes_its_ca_from_another_stack_needs_no_vault():
    recording = plug_in(address=None, stack="me/pi-mesh/ca", outputs=OF_ANOTHER_STACK, token="")
    assert files(recording)["ca-cert.pem"] == SIGNING.pem
    assert not [one for one in recording.resources if one.type.startswith("vault:")]


WRONG = {**MADE, REQUEST: {"csr": "the request", "privateKey": authorities.make_ca("other").key}}
ELSEWHERE = live(authorities.make_root("elsewhere"))
TOLD = {"live": ELSEWHERE, "address": None, "stack": "me/pi-mesh/ca", "outputs": OF_ANOTHER_STACK}
AT_ONCE = r"^[^\n]*in one step from 'elsewhere'[^\n]*if Vault was wiped[^\n]*$"


@table(
    case("a key of another certificate", {"outputs": WRONG}, "the key does not belong to the certificate"),
    case("a Vault with another root before anything is registered", {"live": ELSEWHERE, "preview": True}, AT_ONCE),
    case("another root that only the outputs tell", TOLD, "in one step from 'elsewhere'"),
)
def test_what_is_never_written_is_refused_without_a_key(given, line):
    with pytest.raises(Exception, match=line) as problem:
        plug_in(**given)
    assert "PRIVATE KEY" not in str(problem.value)


@pytest.mark.row(34)
def test_a_life_beyond_the_signers_is_refused():
    with pytest.raises(pulumi.RunError, match=r"vault\.ttl 99999h would outlive its signer 'root'.* at most 87\d\d\dh"):
        plug_in(ttl="99999h")


def test_a_ca_in_its_last_third_is_a_warning():
    old = authorities.make_ca("old", ROOT, start=-authorities.timedelta(days=250))
    signed = {SIGNATURE: {"certificate": old.pem, "caChains": [ROOT.pem]}, REQUEST: {"csr": "", "privateKey": old.key}}
    (line,) = plug_in(outputs={**MADE, **signed}).logs
    assert "less than a third of its lifetime is left; run `python -m operations rotate-ca`" in line


@pytest.mark.row(35)
def test_never_switched_on_nothing_is_registered_and_the_package_is_not_loaded(monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("pulumi_vault", "components.ca.intermediate"))]:
        monkeypatch.delitem(sys.modules, module)
    assert plug_in(enabled=False, address=None).resources == []
    assert "pulumi_vault" not in sys.modules


def test_no_variable_of_the_environment_is_an_input_of_the_provider(monkeypatch):
    monkeypatch.setenv("VAULT_SKIP_VERIFY", "true")
    monkeypatch.setenv("VAULT_MAX_RETRIES", "9")
    inputs = plug_in().one("mesh-ca-provider").props
    assert "token" not in inputs
    assert inputs.get("skipTlsVerify") in (False, "false")
    assert inputs["maxRetries"] == "2"  # left out, the published plugin takes it from the environment itself


def test_vault_signs_for_workloads_outside_of_the_cluster_only_when_asked_for():
    assert [one.name for one in plug_in().resources if one.props.get("name") == "mesh-workload"] == []
    role = plug_in(workloadRole=True).one("mesh-ca-role").props
    assert (role["name"], role["maxTtl"], role["allowIpSans"]) == ("mesh-workload", "86400", False)


def test_a_first_root_of_vault_is_announced_once_and_the_same_root_goes_without_a_word():
    own = Authority(authorities.make_root("istiod").pem)
    announced = [line for line in plug_in(own).logs if "changes from istiod's own 'istiod'" in line]
    assert (len(announced), plug_in(live(ROOT)).logs) == (1, [])


def test_switched_off_the_secret_is_emptied_and_the_change_announced_unless_it_is_somebody_elses():
    assert plug_in(live(ROOT, ours=False), enabled=False, address=None).resources == []
    recording = plug_in(live(ROOT), enabled=False, address=None)
    assert "data" not in recording.one("cacerts-secret").props
    assert "changes from 'root'" in recording.logs[0]


def test_the_expected_trust_is_the_one_that_the_written_files_have():
    made = files(plug_in())
    written = trust.of_bundle(made["ca-cert.pem"], made["cert-chain.pem"], made["root-cert.pem"])
    expected = trust.with_root(ROOT.pem, ())
    assert (written.signer, set(written.roots)) == (expected.signer, set(expected.roots))
