"""Tables in GitHub's Markdown."""

from operations.preview.markdown import table


def test_the_first_column_is_to_the_left_and_the_others_as_asked():
    assert table(("a", "b", "c"), [("1", "2", "3")]) == "| a | b | c |\n| :-- | --: | --: |\n| 1 | 2 | 3 |"
    assert table(("a", "b"), [], ":--") == "| a | b |\n| :-- | :-- |"
