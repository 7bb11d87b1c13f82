"""The comparison of two sets of named texts."""

import pytest

from operations.preview import changes


@pytest.mark.parametrize(
    ("before", "after", "verbs"),
    [
        ({"a": "1"}, {"a": "1"}, []),
        ({"a": "1"}, {"b": "1"}, ["create", "delete"]),
        ({"a": "1"}, {"a": "2"}, ["update"]),
    ],
)
def test_what_came_went_or_changed_is_told_apart(before, after, verbs):
    assert [change.verb for change in changes.between(before, after)] == verbs


def test_a_whole_diff_has_every_line_and_no_line_numbers():
    text = "".join(f"line {number}\n" for number in range(20))
    shown = changes.whole_diff(text, text.replace("line 3\n", "other\n"))
    assert shown.splitlines()[:5] == [" line 0", " line 1", " line 2", "-line 3", "+other"]
    assert len(shown.splitlines()) == 21


def test_a_diff_is_counted_by_its_lines():
    assert changes.counts(changes.diff("a\nb\n", "a\nc\nd\n")) == "+2 -1"
