"""A clock that lies: an Envoy whose time is two hours behind, as on a Pi after a power cut.

Its agent, istiod and the kubelets share the machine's clock: Go programs do not ask libc for the time.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.calls import settled, status
from lab.cluster.kubectl import kubectl
from lab.workloads import SELF, TRADING, Workload, service
from tests.support.objects import present

pytestmark = [pytest.mark.long, pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")]

BEHIND = -7200
SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long shift(void) {
  char text[16] = {0};
  int file = open("/shift/seconds", O_RDONLY);
  if (file < 0) return 0;
  read(file, text, sizeof text - 1);
  close(file);
  return atol(text);
}
int clock_gettime(clockid_t id, struct timespec *now) {
  int failed = syscall(SYS_clock_gettime, id, now);
  if (!failed && id == CLOCK_REALTIME) now->tv_sec += shift();
  return failed;
}
int gettimeofday(struct timeval *now, void *zone) {
  int failed = syscall(SYS_gettimeofday, now, zone);
  if (!failed) now->tv_sec += shift();
  return failed;
}
time_t time(time_t *seconds) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (seconds) *seconds = now.tv_sec;
  return now.tv_sec;
}
"""
SERVER, CALLER = Workload("clock-server"), Workload("clock-caller")
URL = f"http://clock-server.{TRADING}"


@pytest.fixture
def clock(mesh, tmp_path: Path) -> Iterator[Path]:  # noqa: ARG001 - first the mesh
    """Yield the file with the seconds by which the clock of the late workload's Envoy is ahead, negative for behind."""
    (tmp_path / "shift.c").write_text(SOURCE)
    built = ["cc", "-shared", "-fPIC", "-nostartfiles", "-w", "-o", tmp_path / "shift.so", tmp_path / "shift.c"]
    subprocess.run(built, check=True)
    tmp_path.chmod(0o755)
    file = tmp_path / "seconds"
    file.write_text("0")
    late = Workload(
        "clock-late",
        annotations={
            "sidecar.istio.io/userVolume": json.dumps([{"name": "shift", "hostPath": {"path": str(tmp_path)}}]),
            "sidecar.istio.io/userVolumeMount": json.dumps([{"name": "shift", "mountPath": "/shift"}]),
            "proxy.istio.io/config": "proxyMetadata: {LD_PRELOAD: /shift/shift.so}",
        },
    )
    services = [service(one.name, {SELF: one.name}, http=8080) for one in (SERVER, late)]
    with present(services, SERVER, CALLER, late):
        yield file


def test_a_late_clock_cuts_its_pod_off_and_its_right_time_heals_it_without_a_restart(clock: Path, figure):
    late = Workload("clock-late")
    ways = {"from it": (late, URL), "to it": (CALLER, f"http://clock-late.{TRADING}")}
    assert {name: settled(lambda way=way: status(*way), 200) for name, way in ways.items()} == dict.fromkeys(ways, 200)
    clock.write_text(str(BEHIND))
    for workload in (SERVER, CALLER):  # their connections of before stay open
        kubectl("rollout", "restart", f"--namespace={TRADING}", f"deployment/{workload.name}")
        kubectl("rollout", "status", f"--namespace={TRADING}", f"deployment/{workload.name}", "--timeout=120s")
    cut = {name: settled(lambda way=way: status(*way), 503) for name, way in ways.items()}
    clock.write_text("0")
    healed = {name: settled(lambda way=way: status(*way), 200) for name, way in ways.items()}
    told = [", ".join(f"{code} {way}" for way, code in codes.items()) for codes in (cut, healed)]
    figure(f"two hours behind: {told[0]}; with its right time again, without a restart: {told[1]}")
    assert (cut, healed) == (dict.fromkeys(ways, 503), dict.fromkeys(ways, 200))
