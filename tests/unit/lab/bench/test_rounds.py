"""The interleaved rounds, and what their ratios are worth."""

import pytest

from lab.bench.rounds import Series, interleave, interval, ratios


def test_every_contender_runs_once_a_round(monkeypatch):
    monkeypatch.setattr("random.sample", lambda names, count: [*reversed(names)][:count])
    ran = []
    contenders = {name: lambda name=name: ran.append(name) or float(len(ran)) for name in ("ours", "theirs")}
    ours, theirs = interleave("install", contenders, 2, lambda _: None)
    assert ran == ["theirs", "ours", "theirs", "ours"]
    assert (ours.seconds, theirs.seconds) == ((2.0, 4.0), (1.0, 3.0))


def test_ratios_are_those_of_the_same_round():
    assert ratios(Series("install", "ours", (2, 9)), Series("install", "theirs", (1, 3))) == [2, 3]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(5, None), (6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (15, (4, 12))],
    ids=["too few", "least and most", "still these", "the second ones", "fifteen rounds"],
)
def test_the_interval_of_the_median_leaves_out_what_chance_explains(count, expected):
    assert interval(range(count, 0, -1)) == expected
