"""Connections that stay open while something happens to the mesh, and every message on them."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab.calls import in_pod
from lab.workloads import Workload

TCP, HTTP, GRPC = 7001, 7002, 7003
"""Ports of a workload with `streams`; HTTP serves WebSockets and long polls."""


@dataclass(frozen=True)
class Held:
    """The messages and the ends of a connection, and of those that followed it."""

    sent: int
    """Messages, each of which waits for its answer before the next one is sent."""
    lost: int
    """Messages without an answer."""
    ends: tuple[tuple[float, str], ...]
    """Time, in seconds since the epoch, and reason of each end that the client did not want."""


@dataclass
class Holder:
    """A program in a workload's pod that holds connections."""

    run: "subprocess.Popen[str]"
    streams: dict[str, list[Held]] = field(default_factory=dict)
    """The connections by their names; empty until they are closed."""

    def stop(self) -> None:
        said, trouble = self.run.communicate(input="", timeout=60)
        assert self.run.returncode == 0, trouble[-2000:]
        for entry in json.loads(said):
            ends = tuple((end["at"], end["reason"]) for end in entry["ends"])
            self.streams.setdefault(entry["name"], []).append(Held(entry["sent"], entry["lost"], ends))


@contextmanager
def held(
    holder: Workload, targets: Mapping[str, str], host: str = "", count: int = 1, every: str = "500ms"
) -> Iterator[Holder]:
    """Hold `count` connections to each target, such as "tcp://shop:7001", from the holder's pod for the block.

    They are open a few seconds after it begins. `host` is the value of the HTTP header Host, `every` the time between
    an answer and the next message.
    """
    flags = [f"-count={count}", f"-every={every}", *([f"-host={host}"] if host else [])]
    named = [f"{name}={target}" for name, target in targets.items()]
    command = in_pod(holder, "streams", "/usr/bin/streams", "client", *flags, *named, options=("-i",))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as run:
        running = Holder(run)
        try:
            yield running
        finally:
            running.stop()
