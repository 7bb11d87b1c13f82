"""The trial of the proxy's image on every node."""

import json
import platform
import struct
import time
from typing import Any

import pytest

from lab.cluster import faults, node
from lab.cluster.kubectl import get
from lab.cluster.machines import node as machine
from lab.toolchain import image_archive, images
from lab.toolchain.image_archive import Image
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.live.reliability.looking import releases
from tests.support.project import STACK, Project, kill_session

LONGEST = 120
"""Seconds after which nothing of a killed command is left."""
ODD = "pi-2"
OTHER_MACHINE = 62 if platform.machine() == "aarch64" else 183
"""e_machine of an ELF file that this machine does not run: x86-64, or AArch64."""


def left() -> list[str]:
    """Return the objects with this program's label."""
    found = get("jobs,pods,secrets", "--all-namespaces", f"--selector={SHORT_LIVED_LABEL}")["items"]
    return [f"{item['kind']} {item['metadata']['name']}" for item in found]


def rehearsed(project: Project, *options: str) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    """Return the exit status, and the findings by node and check."""
    outcome = project.operation("rehearse", "--json", *options)
    report = json.loads(outcome.output.splitlines()[-1])
    assert report["status"] == outcome.status
    for one in report["findings"]:
        print(f"{one['level']:8} {one['id']}: {one['kind']} {one['name']}: {one['message']} -> {one['fix']}")
    return outcome.status, {(one["name"], one["id"]): one for one in report["findings"]}


def errors(found: dict[tuple[str, str], dict[str, Any]]) -> list[tuple[str, str]]:
    return [key for key, one in found.items() if one["level"] == "error"]


def test_a_node_on_which_envoy_gets_no_memory_is_named_and_the_others_are_well(mesh: Project, figure):
    """The node's containers have few addresses, so that tcmalloc says what it says on a 39-bit kernel."""
    started = time.monotonic()
    with faults.little_address_space(ODD):
        status, found = rehearsed(mesh)
    seconds = time.monotonic() - started
    assert (status, {name for name, _ in errors(found)}) == (1, {ODD})
    envoy = found[ODD, "envoy"]
    assert "MmapAligned() failed" in envoy["message"]
    assert "48-bit addresses" in envoy["fix"]
    for name in ("pi-1", "pi-3"):
        known = {id: one["number"] for (place, id), one in found.items() if place == name and one["level"] == "ok"}
        assert known["page size"] == 4096
        assert known["memory cgroup"] == 256 * 2**20
        assert {"envoy", "packet redirection", "address bits", "clock"} <= known.keys()
    assert [name for name in left() if name.startswith("Job")] == []
    figure(f"named after {seconds:.0f} s with two other nodes: {envoy['message']}")


@pytest.mark.long
def test_two_minutes_after_a_kill_nothing_of_a_rehearsal_is_left(mesh: Project, figure):
    run = mesh.start("python", "-m", "operations", "rehearse", "--stack", STACK)
    until = time.monotonic() + 60
    while not left():
        assert time.monotonic() < until, "no Job was ever seen"
        time.sleep(0.1)
    kill_session(run)
    killed = time.monotonic()
    assert left()
    while left() and time.monotonic() < killed + LONGEST:
        time.sleep(1)
    assert left() == []
    figure(f"three Jobs and their pods were gone {time.monotonic() - killed:.0f} s after kill -9")


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
    assert {name for name, _ in errors(found)} == {ODD}
    assert "exec format error" in found[ODD, "envoy"]["message"]
    assert releases() == {}
    figure(f"{found[ODD, 'envoy']['message']}; no release")
