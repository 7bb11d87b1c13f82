"""The table of the commands' durations beside a crowd."""

from lab.bench.crowd_timing import table
from lab.bench.rounds import Series


def test_a_checkout_has_its_growth_and_is_compared_with_the_first():
    without = {"verify": [Series("verify", "old", (1, 2, 3)), Series("verify", "new", (1, 1, 1))]}
    crowded = {"verify": [Series("verify", "old", (4, 4, 4)), Series("verify", "new", (1, 2, 3))]}
    columns = [list(column.cells) for column in table(without, crowded).columns]
    assert list(zip(*columns, strict=True)) == [
        ("verify", "old", "2.00", "4.00", "2.00", "1.00"),
        ("verify", "new", "1.00", "2.00", "2.00", "2.00"),
    ]
