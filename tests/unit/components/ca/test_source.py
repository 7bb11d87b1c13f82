"""The source of the CA on a run after the first, when the mesh already has it."""

import pulumi
import pytest

from components.ca import program, source
from pi_mesh import inventory
from pi_mesh.cluster.ca_state import WantedCa
from pi_mesh.cluster.mesh_ca import Authority
from tests.support import authorities
from tests.support.factories import make_settings
from tests.support.recorder import Recording, record
from tests.support.vault_program import MADE, OUTSIDE, REQUEST, ROOT, SIGNATURE, files, in_state, plug_in
from tests.support.vault_server import GOOD_TOKEN, vault_server

CURE = "`python -m operations repair -s test --yes`, then `pulumi up`"


def run_again(signing: authorities.Authority, *signers: authorities.Authority) -> Recording:
    """Return the resources of a mesh that already has this CA; the first signer is the CA in Vault."""
    chain = "".join(one.pem for one in signers)
    middle = "".join(one.pem for one in signers[:-1])
    cacerts = {"ca-cert.pem": signing.pem, "cert-chain.pem": signing.pem + middle, "root-cert.pem": signers[-1].pem}
    signature = {"certificate": signing.pem, "caChains": [signing.pem, *(one.pem for one in signers)]}
    made = {**MADE, REQUEST: {"csr": "", "privateKey": signing.key}, SIGNATURE: signature}
    lives_with = Authority(signers[-1].pem, cacerts, ours=True)
    with vault_server(signers[0].pem, chain=chain, own=signing.pem) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAULT_TOKEN", GOOD_TOKEN)
        settings = make_settings(vault={"enabled": True, "address": address})

        first = record(lambda: source.vault_ca(WantedCa(program.CA, settings.vault)) and None, outputs=made)

        def again() -> None:
            answer = program.ask(settings, in_state(first, made))
            program.plug_in(inventory.mesh_inventory(settings), lives_with, answer, pulumi.ResourceOptions())

        try:
            return record(again, outputs=made)
        except pulumi.RunError as refusal:
            pytest.fail(str(refusal))


def test_a_ca_in_vault_that_has_a_signer_of_its_own_goes_on_with_the_root_of_its_chain():
    pki = authorities.make_ca("Vault pki", ROOT, days=2000, path_length=1)
    recording = run_again(authorities.make_ca("Istio Intermediate CA", pki), pki, ROOT)
    assert files(recording)["root-cert.pem"] == ROOT.pem


@pytest.mark.parametrize("vault", [{}, OUTSIDE, {"signedBy": "outside"}], ids=["Vault", "outside", "not signed yet"])
def test_without_vault_the_root_is_the_one_that_the_state_and_the_settings_tell(vault):
    first = in_state(plug_in(**vault))
    with vault_server(health=503) as address:
        settings = make_settings(vault={"enabled": True, "address": address, **vault})
        answer = program.ask(settings, first)
    assert answer.root == (None if vault == {"signedBy": "outside"} else ROOT.pem)
    assert answer.kept == first.vault


def test_a_signer_that_ends_sooner_than_another_signature_would_is_no_problem_while_none_is_due():
    ending = authorities.make_root("ending", days=364)
    recording = run_again(authorities.make_ca("Istio Intermediate CA", ending), ending)
    assert files(recording)["root-cert.pem"] == ending.pem


def test_only_a_lost_mount_is_named_with_the_commands_that_bring_it_back():
    recording = plug_in(recorded=in_state(plug_in()), own=None)
    (line,) = (line for line in recording.logs if "vault.mount" in line)
    assert "vault.mount pki_int" in line
    assert "nothing is mounted there" in line
    assert CURE in line
    assert [line for line in plug_in(recorded=in_state(plug_in())).logs if "vault.mount" in line] == []


def test_a_change_that_needs_a_lost_mount_is_refused_with_the_same_commands():
    with pytest.raises(pulumi.RunError, match="Needed for mesh-ca-request-2") as refused:
        plug_in(recorded=in_state(plug_in()), own=None, generation=2)
    assert CURE in str(refused.value)
