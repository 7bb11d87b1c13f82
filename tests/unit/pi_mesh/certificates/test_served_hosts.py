"""The hosts of a server's certificate, compared with a listener's."""

import pytest

from pi_mesh.certificates.served_hosts import covers, names
from tests.support.authorities import make_ca, make_server


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("shop.example", True),
        ("api.shop.example", True),
        ("*.shop.example", True),
        ("a.api.shop.example", False),
        ("*.example", False),
        ("example", False),
        ("badshop.example", False),
    ],
)
def test_a_name_covers_its_host_and_a_wildcard_one_level_below_its_domain(host, covered):
    assert covers(names(make_server("shop.example", "*.shop.example").certificate), host) is covered


def test_a_common_name_alone_is_no_host_for_todays_clients():
    assert names(make_ca("shop.example").certificate) == []
