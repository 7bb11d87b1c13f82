"""The judgement of a certificate's remaining lifetime, at both of its bounds."""

from datetime import timedelta

import pytest

from pi_mesh.certificates import expiry
from tests.support.authorities import NOW, make_ca

A_SECOND = timedelta(seconds=1)


def judged(lifetime: float, left: timedelta) -> expiry.Expiry:
    """Return the judgement of a certificate that is valid for so many days and ends after `left`."""
    certificate = make_ca("mesh CA", start=left - timedelta(days=lifetime), days=lifetime).certificate
    return expiry.judge(certificate, NOW)


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (timedelta(days=100) + A_SECOND, "ok"),
        (timedelta(days=100), "ok"),
        (timedelta(days=100) - A_SECOND, "warning"),
        (timedelta(days=7), "warning"),
        (timedelta(days=7) - A_SECOND, "error"),
        (timedelta(0), "error"),
        (-timedelta(days=1), "error"),
    ],
)
def test_a_warning_begins_below_a_third_of_the_lifetime_and_an_error_below_seven_days(left, level):
    assert judged(300, left).level == level


def test_a_short_lived_certificate_goes_from_ok_to_an_error():
    assert judged(21, timedelta(days=7)).level == "ok"
    assert judged(21, timedelta(days=7) - A_SECOND).level == "error"


@pytest.mark.parametrize(
    ("left", "words"), [(10, "less than a third of its lifetime is left"), (1, "in less than 7 days"), (200, "UTC")]
)
def test_the_message_names_the_certificate_and_its_end(left, words):
    end = NOW + timedelta(days=left)
    found = judged(300, timedelta(days=left))
    assert found.left == timedelta(days=left)
    assert found.message.startswith("'mesh CA' (")
    assert f" ends {end:%Y-%m-%d %H:%M} UTC" in found.message
    assert words in found.message
