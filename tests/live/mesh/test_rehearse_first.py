"""The trial of the proxy's image before a first install."""

import platform
import struct

import pytest

from lab.cluster import node
from lab.cluster.machines import node as machine
from lab.toolchain import image_archive, images
from lab.toolchain.image_archive import Image
from tests.live.reliability.looking import releases
from tests.support.project import Project
from tests.support.rehearsals import nodes_with_errors, rehearsed

ODD = "pi-2"
OTHER_MACHINE = 62 if platform.machine() == "aarch64" else 183
"""e_machine of an ELF file that this machine does not run: x86-64, or AArch64."""


@pytest.mark.long
def test_an_image_for_another_processor_is_named_before_a_release_is_touched(nothing: Project, tmp_path, figure):
    ((reference, tar),) = [entry for entry in images.image_tars() if "proxyv2" in entry[0]]
    program, foreign = tmp_path / "program", tmp_path / "foreign.tar"
    program.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, OTHER_MACHINE) + bytes(44))
    held = dict.fromkeys(("/usr/local/bin/envoy", "/usr/local/bin/pilot-agent"), program)
    image_archive.write(Image(reference, ("/usr/local/bin/pilot-agent",), held), foreign)
    try:
        node.import_images(machine(ODD), [foreign])
        status, found = rehearsed(nothing)
    finally:
        node.import_images(machine(ODD), [tar])
    assert status == 1
    assert nodes_with_errors(found) == {ODD}
    assert "exec format error" in found[ODD, "envoy"]["message"]
    assert releases() == {}
    figure(f"{found[ODD, 'envoy']['message']}; no release")
