"""Forwarders from 127.0.0.1 into the lab."""

import asyncio
import socket

from lab.cluster import forward


def test_what_goes_through_a_forwarder_comes_back_unchanged():
    assert asyncio.run(_echoed(b"hello" * 100_000)) == b"hello" * 100_000


async def _echoed(sent: bytes) -> bytes:
    """Return the answer of an echoing server through a forwarder."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    serving = asyncio.create_task(forward._serve(listener, "127.0.0.1", server.sockets[0].getsockname()[1]))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.write_eof()
    try:
        return await reader.read()
    finally:
        writer.close()
        serving.cancel()
        server.close()
