"""Hosts outside the mesh: what would open more than is said is refused."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support import awaited
from tests.support.factories import make_settings

DATABASE = {"hosts": ["a.example.com"], "protocol": "TCP", "port": 5432}


@awaited.safe("M2 TCP with a wildcard lets every host on that port out")
def test_a_wildcard_is_refused_for_tcp():
    with pytest.raises(SettingsError):
        make_settings(traffic={"external": {"e": {**DATABASE, "hosts": ["*.example.com"]}}})


@awaited.safe("M2 of two TCP entries on one port one wins silently")
def test_two_tcp_entries_on_one_port_are_refused():
    with pytest.raises(SettingsError):
        make_settings(traffic={"external": {"e": DATABASE, "f": {**DATABASE, "hosts": ["b.example.com"]}}})
