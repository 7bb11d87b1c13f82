"""Parts of a text."""

import pytest

from pi_mesh.text_parts import before, before_last, first_line


@pytest.mark.parametrize(("text", "first", "last"), [("a::b::c", "a", "a::b"), ("a", "a", ""), ("", "", "")])
def test_a_text_without_a_mark_is_the_part_before_the_first_and_not_before_the_last(text, first, last):
    assert (before(text, "::"), before_last(text, "::")) == (first, last)


@pytest.mark.parametrize("text", ["a", "a\n", "a\nb\nc"])
def test_the_first_line_ends_where_the_second_begins(text):
    assert first_line(text) == "a"
