"""Files of this machine that a program needs beside it in an image."""

from lab.toolchain import libraries


def test_iptables_comes_with_its_libraries_loader_and_extensions():
    files, links = libraries.iptables()
    assert any("/ld-linux" in place for place in files)
    assert any(place.endswith("/xtables/libxt_REDIRECT.so") for place in files)
    assert links["/usr/sbin/iptables"] in libraries.TABLES
