"""Waiting for what comes true by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def until(
    look: Callable[[], Answer],
    seconds: float,
    pause: float,
    *,
    done: Callable[[Answer], object] = bool,
    tell: Callable[[Answer], object] = lambda _: None,
    excused: tuple[type[Exception], ...] = (),
) -> Answer:
    """Look until an answer is `done`, which by default means true, and return it; after `seconds` return the last one.

    `tell` gets each answer that is not done. An error of `excused` is no answer; it is raised by the last look alone.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            answer = look()
        except excused:
            if time.monotonic() >= end:
                raise
        else:
            if done(answer) or time.monotonic() >= end:
                return answer
            tell(answer)
        time.sleep(pause)
