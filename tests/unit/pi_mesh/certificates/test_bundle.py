"""A CA as it stands in a Secret."""

from datetime import timedelta

import pytest

from pi_mesh.certificates import bundle, chains, pem
from pi_mesh.certificates.pem import CertificateError
from tests.support.authorities import NOW, Authority, make_ca, make_root
from tests.support.findings import case, table

ROOT, OTHER, SHORT = make_root(), make_root("other"), make_root("short", days=100)
SIGNING = make_ca("signing", ROOT)
MIDDLE, TIGHT = make_ca("middle", ROOT, path_length=1), make_ca("middle", ROOT, path_length=0)
LOW = make_ca("low", MIDDLE)
UNBOUNDED = make_ca("signing", ROOT, path_length=None)


def text(*chain: Authority) -> str:
    return "".join(authority.pem for authority in chain)


def secret(signing: Authority, chain: str, roots: str) -> dict[str, str]:
    return {"ca-cert.pem": signing.pem, "ca-key.pem": signing.key, "cert-chain.pem": chain, "root-cert.pem": roots}


ISTIOS = secret(SIGNING, SIGNING.pem, OTHER.pem + ROOT.pem)


@table(
    (ISTIOS, (SIGNING, ROOT)),
    (secret(ROOT, "", ""), (ROOT,)),
    case("a longer chain", secret(LOW, text(LOW, MIDDLE), OTHER.pem + ROOT.pem), (LOW, MIDDLE, ROOT)),
)
def test_the_chain_ends_at_the_root_that_signed_its_last_certificate(files, chain):
    signing = bundle.signing_files(files, "Secret mine")
    assert pem.certificates(signing.chain, "") == tuple(authority.certificate for authority in chain)
    assert signing.further_roots == ((OTHER.pem,) if len(chain) > 1 else ())
    assert "PRIVATE" not in repr(signing)


@pytest.mark.parametrize("missing", ["ca-cert.pem", "ca-key.pem"])
def test_a_missing_file_is_named(missing):
    with pytest.raises(CertificateError, match=f"Secret mine: has neither {missing}"):
        bundle.signing_files({name: file for name, file in ISTIOS.items() if name != missing}, "Secret mine")


def make_bundle(*chain: Authority, also: tuple[str, ...] = (), **options: bool) -> bundle.Bundle:
    return bundle.verified_bundle(text(*chain), chain[0].key, also, NOW, **options)


def test_a_good_chain_gives_the_four_files_that_istiod_reads_and_a_repeated_certificate_counts_once():
    signing = make_ca("signing", MIDDLE, days=200)
    files = make_bundle(signing, signing, MIDDLE, ROOT).files()
    # Every istiod reads this form of the two.
    assert files["ca-key.pem"].startswith("-----BEGIN EC PRIVATE KEY-----")
    assert files == secret(signing, signing.pem + MIDDLE.pem, ROOT.pem) | {"ca-key.pem": files["ca-key.pem"]}
    assert "PRIVATE" not in repr(make_bundle(SIGNING, ROOT))


def test_windows_line_ends_come_out_plain():
    chain, key = (content.replace("\n", "\r\n") for content in (text(SIGNING, ROOT), SIGNING.key))
    assert "\r" not in "".join(bundle.verified_bundle(chain, key, (), NOW).files().values())


def test_further_roots_are_trusted_in_an_order_that_does_not_depend_on_who_signs():
    by_root = make_bundle(SIGNING, ROOT, also=(OTHER.pem,)).root_cert
    assert by_root == make_bundle(make_ca("two", OTHER), OTHER, also=(ROOT.pem,)).root_cert
    assert by_root in (ROOT.pem + OTHER.pem, OTHER.pem + ROOT.pem)


def below_root(name: str, **options: object) -> tuple[Authority, Authority]:
    return make_ca(name, ROOT, **options), ROOT


NO_CA = "is not a CA certificate"
WRONG = {
    "no root at the end": ((SIGNING,), "which is not a root"),
    "no root above two": ((LOW, MIDDLE), "ends at 'middle' .*, which is not a root"),
    "another root": ((SIGNING, OTHER), "is not signed by 'other'"),
    "the wrong order": ((MIDDLE, SIGNING, ROOT), "the signing CA comes first"),
    "a leaf": (below_root("leaf", ca=False), NO_CA),
    "a key that may not sign": (below_root("signing", signs=False), NO_CA),
    "expired": (below_root("old", start=-timedelta(days=9), days=8), "expired on"),
    "not valid yet": (below_root("signing", start=timedelta(days=2)), "valid only from"),
    "fewer than seven days left": (below_root("ending", days=7), "in less than 7 days"),
    "it outlives its signer": ((make_ca("signing", SHORT, days=200), SHORT), "outlives its signer"),
    "unlimited path length": ((UNBOUNDED, ROOT), "'signing' .* may sign further CAs; sign it with path length 0"),
    "a signer's path length": ((make_ca("low", TIGHT, days=200), TIGHT, ROOT), "allows 0 CA certificates"),
}


@pytest.mark.row(26)
@table(
    case("another key", text(SIGNING, ROOT), MIDDLE.key, "the key does not belong to the certificate 'signing'"),
    case("no key", text(SIGNING, ROOT), "nothing", "is not an unencrypted private key"),
    case("no certificate", "nothing", SIGNING.key, "is not a certificate in PEM form"),
    *(case(what, text(*chain), chain[0].key, message) for what, (chain, message) in WRONG.items()),
)
def test_a_chain_that_istiod_could_not_sign_with_is_refused_in_one_line_without_the_key(chain, key, message):
    with pytest.raises(CertificateError, match=message) as refusal:
        bundle.verified_bundle(chain, key, (), NOW)
    assert "PRIVATE KEY" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@table(
    case("from its first second on", below_root("signing", start=timedelta())),
    case("with a key usage that says so", below_root("signing", signs=True)),
    case("a root by itself with any path length", (make_ca("root", path_length=1),)),
)
def test_a_ca_may_sign(chain):
    assert make_bundle(*chain).cert_chain == text(*chain[:-1])


def test_a_ca_of_cert_manager_which_has_no_path_length_is_taken_where_its_owner_made_it():
    assert make_bundle(UNBOUNDED, ROOT, bounded=False).cert_chain == UNBOUNDED.pem
    assert len(bundle.verified_chain(text(UNBOUNDED, ROOT), NOW, bounded=False)) == 2
    for chain, options in ((MIDDLE, {"bounded": False}), (UNBOUNDED, {})):
        with pytest.raises(CertificateError, match="sign it with path length 0"):
            bundle.verified_chain(text(chain, ROOT), NOW, **options)


def test_only_roots_can_be_trusted_besides():
    with pytest.raises(CertificateError, match=r"vault\.alsoTrust: 'middle' .* is not self-signed"):
        make_bundle(SIGNING, ROOT, also=(MIDDLE.pem,))


def test_a_certificate_is_valid_to_its_last_second():
    ending = make_ca("signing", ROOT, days=1)
    chains.verify_chain((ending.certificate, ROOT.certificate), NOW, "vault", bounded=True)
