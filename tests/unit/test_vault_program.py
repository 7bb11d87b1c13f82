"""The CA's part of the program: what is registered, in which order, and that its key stays a secret."""

import base64
import sys

import pulumi
import pytest
from pulumi.runtime import rpc

from certificates import trust
from cluster.authority import Authority
from settings import parse_any
from tests import authorities
from tests.factories import make_settings
from tests.recorder import Recording, record
from tests.vault_server import GOOD_TOKEN, vault_server
from vault import program

REQUEST = "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest"
SIGNATURE = "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate"
CERTIFICATE = "vault:pkiSecret/secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned"
STACK = "pulumi:pulumi:StackReference"
SECRET = "kubernetes:core/v1:Secret"

ROOT = authorities.make_root()
SIGNING = authorities.make_ca("Istio Intermediate CA", ROOT)
MADE = {
    REQUEST: {"csr": "the request", "privateKey": SIGNING.key},
    SIGNATURE: {"certificate": SIGNING.pem, "caChains": [SIGNING.pem, ROOT.pem]},
    CERTIFICATE: {"importedIssuers": ["issuer"]},
}
OUTSIDE = {"signedBy": "outside", "signed": {"generation": 1, "chain": SIGNING.pem + ROOT.pem}}


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", GOOD_TOKEN)


def plug_in(live: Authority | None = None, preview: bool = False, outputs: dict | None = None, **vault) -> Recording:
    """A mesh whose CA is made in Vault, or as `vault` says."""
    with vault_server(ROOT.pem) as address:
        given = {"enabled": True, "address": address, **vault}
        settings = make_settings(vault={name: value for name, value in given.items() if value is not None})
        return record(
            lambda: program.plug_in(settings, live or Authority(), "istio-system", pulumi.ResourceOptions()),
            preview=preview,
            outputs=outputs or MADE,
        )


def files(recording: Recording) -> dict[str, str]:
    (secret,) = recording.of_type(SECRET)
    assert rpc.is_rpc_secret(secret.props["data"])
    content = rpc.unwrap_rpc_secret(secret.props["data"])
    return {name: base64.b64decode(encoded).decode() for name, encoded in content.items()}


def live(*signers: authorities.Authority, ours: bool = True) -> Authority:
    signing = authorities.make_ca("live", signers[0])
    roots = "".join(one.pem for one in signers)
    return Authority(
        roots, {"ca-cert.pem": signing.pem, "cert-chain.pem": signing.pem, "root-cert.pem": roots}, ours=ours
    )


def test_the_secret_holds_the_verified_chain_and_nothing_is_plain():
    assert files(plug_in())["cert-chain.pem"] == SIGNING.pem


def test_the_request_is_for_an_elliptic_key_that_vault_hands_over():
    request = plug_in().one("mesh-ca-request-1")
    assert (request.props["type"], request.props["keyType"], request.props["keyBits"]) == ("exported", "ec", 256)
    assert "privateKey" in request.secret_outputs


def test_the_signature_is_for_path_length_zero_and_the_roles_year():
    signature = plug_in().one("mesh-ca-signature-1")
    assert (signature.props["maxPathLength"], signature.props["ttl"]) == (0, "8760h")


def test_the_mount_is_protected():
    assert plug_in().one("mesh-ca-mount").protect


def test_a_new_generation_is_a_new_key_a_new_signature_and_a_new_certificate():
    names = {resource.name for resource in plug_in(generation=2).resources}
    assert {"mesh-ca-request-2", "mesh-ca-signature-2", "mesh-ca-certificate-2"} <= names
    assert not {name for name in names if name.endswith("-1")}


def test_a_token_of_the_environment_is_no_input_of_the_provider():
    assert "token" not in plug_in().one("mesh-ca-provider").props


def test_a_ca_outside_of_vault_signs_nothing_in_vault_and_its_request_goes_out():
    recording = plug_in(**OUTSIDE)
    assert recording.of_type(SIGNATURE) == []
    assert recording.exports["certificateRequest"] == "the request"
    assert files(recording)["root-cert.pem"] == ROOT.pem


def test_until_a_ca_outside_has_signed_only_the_request_is_made():
    recording = plug_in(signedBy="outside")
    assert recording.of_type(SECRET) == []
    assert recording.exports["certificateRequest"] == "the request"


def test_a_newer_request_leaves_the_mesh_with_the_key_that_was_signed():
    recording = plug_in(**OUTSIDE, generation=2)
    assert {one.name for one in recording.of_type(REQUEST)} == {"mesh-ca-request-1", "mesh-ca-request-2"}
    assert [one.name for one in recording.of_type(CERTIFICATE)] == ["mesh-ca-certificate-1"]


def test_a_stack_of_its_own_hands_chain_and_key_over_as_one_secret():
    with vault_server(ROOT.pem) as address:
        settings = parse_any({"vault": {"enabled": True, "address": address}})
        recording = record(lambda: program.deploy_ca(settings), outputs=MADE)
    made = recording.exports["certificateAuthority"]
    assert rpc.is_rpc_secret(made)
    assert rpc.unwrap_rpc_secret(made)["key"] == SIGNING.key


def test_a_mesh_that_takes_its_ca_from_another_stack_needs_no_vault(monkeypatch):
    monkeypatch.delenv("VAULT_TOKEN")
    other = {"certificateAuthority": {"chain": SIGNING.pem + ROOT.pem, "key": SIGNING.key}}
    outputs = {STACK: {"outputs": other, "secretOutputNames": ["certificateAuthority"]}}
    recording = plug_in(address=None, stack="me/pi-mesh/ca", outputs=outputs)
    assert files(recording)["ca-cert.pem"] == SIGNING.pem
    assert not [one for one in recording.resources if one.type.startswith("vault:")]


def test_a_key_of_another_certificate_is_never_written():
    wrong = {**MADE, REQUEST: {"csr": "the request", "privateKey": authorities.make_ca("other").key}}
    with pytest.raises(Exception, match="the key does not belong to the certificate") as problem:
        plug_in(outputs=wrong)
    assert "PRIVATE KEY" not in str(problem.value)


def test_a_vault_with_another_root_is_refused_before_anything_is_registered():
    with pytest.raises(pulumi.RunError, match=r"in one step from 'elsewhere'.*if Vault was wiped") as refusal:
        plug_in(live(authorities.make_root("elsewhere")), preview=True)
    assert "\n" not in str(refusal.value)


def test_another_root_is_refused_too_where_only_the_outputs_tell_it():
    other = {"certificateAuthority": {"chain": SIGNING.pem + ROOT.pem, "key": SIGNING.key}}
    outputs = {STACK: {"outputs": other, "secretOutputNames": ["certificateAuthority"]}}
    with pytest.raises(Exception, match="in one step from 'elsewhere'"):
        plug_in(live(authorities.make_root("elsewhere")), address=None, stack="me/pi-mesh/ca", outputs=outputs)


def test_a_first_root_of_vault_is_announced_once():
    own = Authority(authorities.make_root("istiod").pem)
    announced = [line for line in plug_in(own).logs if "changes from istiod's own 'istiod'" in line]
    assert len(announced) == 1


def test_the_same_root_goes_without_a_word():
    assert plug_in(live(ROOT)).logs == []


def test_a_life_beyond_the_signers_is_refused():
    with pytest.raises(pulumi.RunError, match=r"vault\.ttl 99999h would outlive its signer 'root'.* at most 87\d\d\dh"):
        plug_in(ttl="99999h")


def test_a_ca_in_its_last_third_is_a_warning():
    old = authorities.make_ca("old", ROOT, start=-authorities.timedelta(days=250))
    signed = {SIGNATURE: {"certificate": old.pem, "caChains": [ROOT.pem]}, REQUEST: {"csr": "", "privateKey": old.key}}
    (line,) = plug_in(outputs={**MADE, **signed}).logs
    assert "less than a third of its life is left; run `python -m operations rotate-ca`" in line


def test_switched_off_the_secret_is_emptied_and_the_change_announced():
    recording = plug_in(live(ROOT), enabled=False, address=None)
    assert "data" not in recording.one("cacerts-secret").props
    assert "changes from 'root'" in recording.logs[0]


def test_never_switched_on_nothing_is_registered_and_the_package_is_not_loaded(monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("pulumi_vault", "components.vault"))]:
        monkeypatch.delitem(sys.modules, module)
    assert plug_in(enabled=False, address=None).resources == []
    assert "pulumi_vault" not in sys.modules


def test_a_secret_of_somebody_else_stays_untouched_when_vault_is_off():
    assert plug_in(live(ROOT, ours=False), enabled=False, address=None).resources == []


def test_the_expected_trust_is_the_one_that_the_written_files_have():
    made = files(plug_in())
    written = trust.of_bundle(made["ca-cert.pem"], made["cert-chain.pem"], made["root-cert.pem"])
    expected = trust.with_root(ROOT.pem, ())
    assert (written.signer, set(written.roots)) == (expected.signer, set(expected.roots))
