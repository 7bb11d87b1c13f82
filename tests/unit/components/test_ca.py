"""Changes of the mesh's root by the program: announced or refused before anything changes."""

import pulumi
import pytest

from pi_mesh.certificates import trust
from pi_mesh.cluster.mesh_ca import Authority
from tests.support import authorities
from tests.support.vault_program import ROOT, SIGNING, STACK, files, live, plug_in


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


def test_switched_off_the_secret_is_emptied_and_the_change_announced():
    recording = plug_in(live(ROOT), enabled=False, address=None)
    assert "data" not in recording.one("cacerts-secret").props
    assert "changes from 'root'" in recording.logs[0]


def test_the_expected_trust_is_the_one_that_the_written_files_have():
    made = files(plug_in())
    written = trust.of_bundle(made["ca-cert.pem"], made["cert-chain.pem"], made["root-cert.pem"])
    expected = trust.with_root(ROOT.pem, ())
    assert (written.signer, set(written.roots)) == (expected.signer, set(expected.roots))
