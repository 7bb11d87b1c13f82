"""A CA as it stands in a Secret."""

from datetime import timedelta

import pytest

from pi_mesh.certificates import bundle, chains, pem
from pi_mesh.certificates.pem import CertificateError
from tests.support.authorities import NOW, Authority, make_ca, make_root

ROOT, OTHER = make_root(), make_root("other")
SIGNING = make_ca("signing", ROOT)
ISTIOS = {
    "ca-cert.pem": SIGNING.pem,
    "ca-key.pem": SIGNING.key,
    "cert-chain.pem": SIGNING.pem,
    "root-cert.pem": OTHER.pem + ROOT.pem,
}


def test_the_chain_ends_at_the_root_that_signed_and_other_roots_are_trusted_besides():
    found = bundle.signing_files(ISTIOS, "Secret mine")
    assert pem.certificates(found.chain, "") == (SIGNING.certificate, ROOT.certificate)
    assert found.further_roots == (OTHER.pem,)


def test_a_root_that_signs_itself_is_a_chain_of_one():
    own = {"ca-cert.pem": ROOT.pem, "ca-key.pem": ROOT.key, "cert-chain.pem": "", "root-cert.pem": ""}
    assert bundle.signing_files(own, "Secret istio-ca-secret").chain == ROOT.pem


@pytest.mark.parametrize("missing", ["ca-cert.pem", "ca-key.pem"])
def test_a_missing_file_is_named(missing):
    files = {name: text for name, text in ISTIOS.items() if name != missing}
    with pytest.raises(CertificateError, match=f"Secret mine: has neither {missing}"):
        bundle.signing_files(files, "Secret mine")


def test_the_key_is_in_no_repr():
    assert "PRIVATE" not in repr(bundle.signing_files(ISTIOS, "Secret mine"))


def test_the_root_of_a_longer_chain_is_the_one_that_signed_its_last_certificate():
    upper = make_ca("upper", ROOT, path_length=1)
    lower = make_ca("lower", upper)
    files = {**ISTIOS, "ca-cert.pem": lower.pem, "ca-key.pem": lower.key, "cert-chain.pem": lower.pem + upper.pem}
    chain = bundle.signing_files(files, "Secret mine").chain
    assert pem.certificates(chain, "") == (lower.certificate, upper.certificate, ROOT.certificate)


ROOT_OF_BUNDLE = make_root()


def make_bundle(*chain: Authority, key: str | None = None, also_trust: tuple[str, ...] = ()) -> bundle.Bundle:
    return bundle.verified_bundle("".join(one.pem for one in chain), key or chain[0].key, also_trust, NOW)


def test_a_good_chain_gives_the_four_files_that_istiod_reads():
    middle = make_ca("middle", ROOT_OF_BUNDLE, path_length=1)
    signing = make_ca("signing", middle, days=200)
    files = make_bundle(signing, middle, ROOT_OF_BUNDLE).files()
    assert files["ca-cert.pem"] == signing.pem
    assert files["cert-chain.pem"] == signing.pem + middle.pem
    assert files["root-cert.pem"] == ROOT_OF_BUNDLE.pem
    assert set(files) == {"ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"}


def test_a_certificate_that_vault_repeats_counts_once():
    signing = make_ca("signing", ROOT_OF_BUNDLE)
    assert make_bundle(signing, signing, ROOT_OF_BUNDLE).cert_chain == signing.pem


def test_windows_line_ends_come_out_plain():
    signing = make_ca("signing", ROOT_OF_BUNDLE)
    made = bundle.verified_bundle(
        (signing.pem + ROOT_OF_BUNDLE.pem).replace("\n", "\r\n"), signing.key.replace("\n", "\r\n"), (), NOW
    )
    assert "\r" not in "".join(made.files().values())


def test_both_forms_of_a_key_come_out_in_the_one_that_every_istiod_reads():
    signing = make_ca("signing", ROOT_OF_BUNDLE)
    assert make_bundle(signing, ROOT_OF_BUNDLE).ca_key.startswith("-----BEGIN EC PRIVATE KEY-----")


def test_further_roots_are_trusted_in_an_order_that_does_not_depend_on_who_signs():
    other = make_root("other")
    by_root = make_bundle(make_ca("one", ROOT_OF_BUNDLE), ROOT_OF_BUNDLE, also_trust=(other.pem,))
    by_other = make_bundle(make_ca("two", other), other, also_trust=(ROOT_OF_BUNDLE.pem,))
    assert by_root.root_cert == by_other.root_cert
    assert by_root.root_cert in (ROOT_OF_BUNDLE.pem + other.pem, other.pem + ROOT_OF_BUNDLE.pem)


def test_the_key_is_not_in_what_a_bundle_prints():
    assert "PRIVATE" not in repr(make_bundle(make_ca("signing", ROOT_OF_BUNDLE), ROOT_OF_BUNDLE))


def in_order(*chain: Authority) -> tuple[str, str]:
    return "".join(one.pem for one in chain), chain[0].key


def _wrong() -> dict[str, tuple[tuple[str, str], str]]:
    signing, middle = make_ca("signing", ROOT_OF_BUNDLE), make_ca("middle", ROOT_OF_BUNDLE, path_length=1)
    unlimited = make_ca("signing", ROOT_OF_BUNDLE, path_length=None)
    tight = make_ca("middle", ROOT_OF_BUNDLE, path_length=0)
    short = make_root("short", days=100)
    late = make_ca("signing", ROOT_OF_BUNDLE, start=timedelta(days=2))
    return {
        "no root at the end": (in_order(signing), "which is not a root"),
        "no root above two": (in_order(make_ca("low", middle), middle), "ends at 'middle' .*, which is not a root"),
        "another root": (in_order(signing, make_root("other")), "is not signed by 'other'"),
        "the wrong order": (in_order(middle, signing, ROOT_OF_BUNDLE), "the signing CA comes first"),
        "another key": (
            (signing.pem + ROOT_OF_BUNDLE.pem, middle.key),
            "the key does not belong to the certificate 'signing'",
        ),
        "no key": ((signing.pem + ROOT_OF_BUNDLE.pem, "nothing"), "is not an unencrypted private key"),
        "no certificate": (("nothing", signing.key), "is not a certificate in PEM form"),
        "a leaf": (in_order(make_ca("leaf", ROOT_OF_BUNDLE, ca=False), ROOT_OF_BUNDLE), "is not a CA certificate"),
        "a key that may not sign": (
            in_order(make_ca("signing", ROOT_OF_BUNDLE, signs=False), ROOT_OF_BUNDLE),
            "is not a CA certificate",
        ),
        "expired": (
            in_order(make_ca("old", ROOT_OF_BUNDLE, start=-timedelta(days=9), days=8), ROOT_OF_BUNDLE),
            "expired on",
        ),
        "not valid yet": (in_order(late, ROOT_OF_BUNDLE), "valid only from"),
        "fewer than seven days left": (
            in_order(make_ca("ending", ROOT_OF_BUNDLE, days=7), ROOT_OF_BUNDLE),
            "in less than 7 days",
        ),
        "it outlives its signer": (in_order(make_ca("signing", short, days=200), short), "outlives its signer"),
        "unlimited path length": (
            in_order(unlimited, ROOT_OF_BUNDLE),
            "'signing' .* may sign further CAs; sign it with path length 0",
        ),
        "a signer's path length": (
            in_order(make_ca("low", tight, days=200), tight, ROOT_OF_BUNDLE),
            "allows 0 CA certificates",
        ),
    }


WRONG = _wrong()


@pytest.mark.row(26)
@pytest.mark.parametrize("what", WRONG)
def test_a_chain_that_istiod_could_not_sign_with_is_refused_in_one_line_without_the_key(what):
    (chain, key), message = WRONG[what]
    with pytest.raises(CertificateError, match=message) as refusal:
        bundle.verified_bundle(chain, key, (), NOW)
    assert "PRIVATE KEY" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("ca", [{"start": timedelta()}, {"signs": True}], ids=["first second", "key usage"])
def test_a_ca_may_sign_from_its_first_second_on_and_with_a_key_usage_that_says_so(ca):
    assert bundle.verified_bundle(
        *in_order(make_ca("signing", ROOT_OF_BUNDLE, **ca), ROOT_OF_BUNDLE), (), NOW
    ).cert_chain


def test_a_ca_of_cert_manager_which_has_no_path_length_is_taken_where_its_owner_made_it():
    made = in_order(make_ca("signing", ROOT_OF_BUNDLE, path_length=None), ROOT_OF_BUNDLE)
    assert bundle.verified_bundle(*made, (), NOW, "ca", bounded=False).cert_chain
    with pytest.raises(CertificateError, match="sign it with path length 0"):
        bundle.verified_bundle(
            *in_order(make_ca("signing", ROOT_OF_BUNDLE, path_length=1), ROOT_OF_BUNDLE), (), NOW, "ca", bounded=False
        )


def test_only_roots_can_be_trusted_besides():
    with pytest.raises(CertificateError, match=r"vault\.alsoTrust: 'middle' .* is not self-signed"):
        make_bundle(
            make_ca("signing", ROOT_OF_BUNDLE), ROOT_OF_BUNDLE, also_trust=(make_ca("middle", ROOT_OF_BUNDLE).pem,)
        )


def test_a_root_that_signs_by_itself_may_have_any_path_length():
    root = make_ca("root", path_length=1)
    assert bundle.verified_bundle(root.pem, root.key, (), NOW).cert_chain == ""


def test_a_chain_alone_is_bounded_too_unless_its_owner_made_it():
    chain, _ = in_order(make_ca("signing", ROOT_OF_BUNDLE, path_length=None), ROOT_OF_BUNDLE)
    assert len(bundle.verified_chain(chain, NOW, bounded=False)) == 2
    with pytest.raises(CertificateError, match="sign it with path length 0"):
        bundle.verified_chain(chain, NOW)


def test_a_certificate_is_valid_to_its_last_second():
    ending = make_ca("signing", ROOT_OF_BUNDLE, days=1)
    chains.verify_chain((ending.certificate, ROOT_OF_BUNDLE.certificate), NOW, "vault", bounded=True)
