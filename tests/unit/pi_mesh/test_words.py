"""Numbers in sentences."""

import pytest

from pi_mesh import words
from pi_mesh.words import first_line, text_before, text_before_last


@pytest.mark.parametrize(("number", "written"), [(0, "0 pods"), (1, "1 pod"), (2, "2 pods")])
def test_a_noun_is_in_the_singular_for_1_alone(number, written):
    assert words.counted(number, "pod") == written


def test_words_with_a_plural_of_their_own_have_it():
    assert [words.counted(number, "proxy is", "proxies are") for number in (1, 3)] == ["1 proxy is", "3 proxies are"]


@pytest.mark.parametrize(("number", "verb"), [(0, "are"), (1, "is"), (2, "are")])
def test_a_verb_agrees_with_its_number(number, verb):
    assert words.agreeing(number, "is", "are") == verb


@pytest.mark.parametrize(
    ("names", "written"), [([], ""), (["a", "b"], "a, b"), (["a", "b", "c", "d"], "a, b and 2 more")]
)
def test_a_list_shows_its_first_names_and_the_number_of_the_others(names, written):
    assert words.listed(names, 2) == written


def test_the_others_have_a_noun_and_the_names_another_separator():
    assert words.listed(["a", "b", "c"], 2, more="value") == "a, b and 1 more value"
    assert words.listed(["a", "b", "c", "d"], 2, "; ", last=", and ", more="value") == "a; b, and 2 more values"


@pytest.mark.parametrize(
    ("names", "written"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_an_enumeration_has_an_and_before_its_last_name(names, written):
    assert words.enumerated(names) == written


@pytest.mark.parametrize(("text", "first", "last"), [("a::b::c", "a", "a::b"), ("a", "a", ""), ("", "", "")])
def test_a_text_without_a_mark_is_the_part_before_the_first_and_not_before_the_last(text, first, last):
    assert (text_before(text, "::"), text_before_last(text, "::")) == (first, last)


@pytest.mark.parametrize("text", ["a", "a\n", "a\nb\nc"])
def test_the_first_line_ends_where_the_second_begins(text):
    assert first_line(text) == "a"
