"""Threads for the mock engine."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager


@asynccontextmanager
async def threads_with_loops() -> AsyncIterator[None]:
    """Provide threads whose event loops are closed at the end; the mock monitor leaves its own loops open."""
    loops: list[asyncio.AbstractEventLoop] = []

    def with_loop() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    running = asyncio.get_running_loop()
    running.set_default_executor(ThreadPoolExecutor(initializer=with_loop))
    try:
        yield
    finally:
        await running.shutdown_default_executor()
        for loop in loops:
            loop.close()
