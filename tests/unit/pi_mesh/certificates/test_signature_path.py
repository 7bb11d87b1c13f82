"""The root of a certificate."""

from pi_mesh.certificates.signature_path import leads
from tests.support.authorities import make_ca, make_root

ROOT, OTHER = make_root(), make_root("other")
UPPER = make_ca("upper", ROOT, path_length=1)
LOWER = make_ca("lower", UPPER)
LEAF = make_ca("leaf", LOWER, ca=False).certificate
BETWEEN = (OTHER.certificate, UPPER.certificate, LOWER.certificate, ROOT.certificate)


def test_it_leads_to_the_root_in_whatever_order_the_others_come():
    assert leads(LEAF, ROOT.certificate, BETWEEN)
    assert leads(LEAF, ROOT.certificate, reversed(BETWEEN))


def test_it_leads_to_no_other_root_and_nowhere_with_one_missing():
    assert not leads(LEAF, OTHER.certificate, BETWEEN)
    assert not leads(LEAF, ROOT.certificate, (LOWER.certificate,))


def test_a_certificate_that_the_root_signed_needs_nothing_between():
    assert leads(LOWER.certificate, UPPER.certificate)
