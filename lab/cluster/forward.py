"""Listeners on the machine's 127.0.0.1 that lead into the lab.

The listening socket is opened outside and handed to a process inside the control plane's namespace: what it accepts
comes from 127.0.0.1, what it connects to is inside. Run as a module, this file is that process.
"""

import asyncio
import socket
import sys

from lab.cluster import enter, process, records
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.names import CHECKOUT
from lab.cluster.shell import print_progress

CHUNK = 1 << 16  # bytes


def start(name: str, target: str) -> int:
    """Start a forwarder to `target` (host:port inside the lab) and return its port on 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        inside = ("env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-m", "lab.cluster.forward", target)
        process.start(f"forward-{name}", enter.network(CONTROL_PLANE, *inside), pass_fd=listener.fileno())
        port = listener.getsockname()[1]
    records.write_port(name, port)
    return port


def keep(name: str, target: str) -> int:
    """Return the port of the forwarder to `target`; one of this name to another target is replaced."""
    running, port = records.find(f"forward-{name}"), records.find_port(name)
    if running and running.alive and port and running.command[-1] == target:
        return port
    process.stop(f"forward-{name}")
    return start(name, target)


def reach(name: str, target: str) -> None:
    """Start a forwarder and print its address."""
    print_progress(
        f"{target} inside the local cluster is 127.0.0.1:{keep(name, target)} outside, until `make lab-down`"
    )


async def _serve(listener: socket.socket, host: str, port: int) -> None:
    async def connect(outer_reader: asyncio.StreamReader, outer_writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(host, port)
        except OSError:
            outer_writer.close()  # the caller gets no answer, as without a forwarder
            return
        await asyncio.gather(_copy(outer_reader, inner_writer), _copy(inner_reader, outer_writer))
        for writer in (outer_writer, inner_writer):
            writer.close()

    server = await asyncio.start_server(connect, sock=listener)
    await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction to its end: the side that has sent everything may still read the answer."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:  # one side closed the connection: no data flows any more
        writer.close()


if __name__ == "__main__":
    _host, _, _port = sys.argv[1].rpartition(":")
    asyncio.run(_serve(socket.socket(fileno=process.PASSED_FD), _host, int(_port)))
