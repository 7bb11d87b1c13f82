"""Waits for a condition that must last."""

from collections.abc import Iterable

import pytest

from lab.cluster import waiting


def looks(monkeypatch: pytest.MonkeyPatch, seen: Iterable[bool], seconds: float) -> list[bool]:
    """Return the values of `lasting` at successive looks, a second apart."""
    now, said = 0.0, []
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now)
    states = list(seen)
    look = waiting.lasting(iter(states).__next__, seconds)
    for _ in states:
        said.append(look())
        now += 1
    return said


def test_what_is_so_for_long_enough_lasts(monkeypatch):
    assert looks(monkeypatch, [True, True, True], seconds=2) == [False, False, True]


def test_what_was_not_so_in_between_begins_anew(monkeypatch):
    assert looks(monkeypatch, [True, False, True, True, True], seconds=2) == [False, False, False, False, True]
