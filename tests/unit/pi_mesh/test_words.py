"""Numbers and lists in sentences, and tables."""

import pytest

from pi_mesh import words
from pi_mesh.words import first_line, markdown_table, text_before, text_before_last
from tests.support.findings import table


@table((0, "0 pods", "0 proxies are", "are"), (1, "1 pod", "1 proxy is", "is"), (2, "2 pods", "2 proxies are", "are"))
def test_a_noun_and_a_verb_are_in_the_singular_for_1_alone(number, pods, proxies, verb):
    assert words.counted(number, "pod") == pods
    assert words.counted(number, "proxy is", "proxies are") == proxies
    assert words.agreeing(number, "is", "are") == verb


@table(
    ("", {}, ""),
    ("ab", {}, "a, b"),
    ("abcd", {}, "a, b and 2 more"),
    ("abc", {"more": "value"}, "a, b and 1 more value"),
    ("abcd", {"separator": "; ", "last": ", and ", "more": "value"}, "a; b, and 2 more values"),
)
def test_a_list_shows_its_first_names_and_the_number_of_the_others(names, options, written):
    separators = [options.pop("separator")] if "separator" in options else []
    assert words.listed([*names], 2, *separators, **options) == written


@pytest.mark.parametrize(("names", "written"), [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_an_enumeration_has_an_and_before_its_last_name(names, written):
    assert words.enumerated([*names]) == written


@pytest.mark.parametrize(("text", "first", "last"), [("a::b::c", "a", "a::b"), ("a", "a", ""), ("", "", "")])
def test_a_text_without_a_mark_is_the_part_before_the_first_and_not_before_the_last(text, first, last):
    assert (text_before(text, "::"), text_before_last(text, "::")) == (first, last)


@pytest.mark.parametrize("text", ["a", "a\n", "a\nb\nc"])
def test_the_first_line_ends_where_the_second_begins(text):
    assert first_line(text) == "a"


def test_a_table_has_a_ruler_below_its_head_which_may_align_the_columns():
    rows = [("a", "1"), ("b", "")]
    assert markdown_table(("name", "pods"), rows) == "| name | pods |\n|---|---|\n| a | 1 |\n| b |  |"
    assert markdown_table(("name", "pods"), rows[:1], (":--", "--:")) == "| name | pods |\n| :-- | --: |\n| a | 1 |"
