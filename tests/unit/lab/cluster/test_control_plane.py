"""The control plane: its DNS."""

import re

from lab.cluster import control_plane
from lab.toolchain.cache import module_folder
from lab.toolchain.catalog import BY_NAME


def test_coredns_is_built_with_the_plugins_of_its_corefile_and_no_other():
    named = re.findall(r"^    (\w+)", control_plane.COREFILE, re.MULTILINE)
    built = re.findall(r"coredns/plugin/(\w+)", (module_folder(BY_NAME["coredns"]) / "main.go").read_text())
    assert sorted(built) == sorted(named)
