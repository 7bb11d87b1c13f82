"""The drawings of the documents."""

from xml.etree import ElementTree

import pytest

from lab.pictures.__main__ import DOCS, DRAWINGS
from lab.pictures.svg import INK, Drawing


@pytest.mark.parametrize("file", DRAWINGS)
def test_a_drawing_in_the_documents_is_the_one_of_the_code(file):
    assert (DOCS / file).read_text() == DRAWINGS[file](), "run `python -m lab.pictures`"


@pytest.mark.parametrize("file", [path.name for path in DOCS.glob("*.svg")])
def test_a_picture_loads_nothing_from_another_host(file):
    loaded = [
        value
        for element in ElementTree.parse(DOCS / file).iter()
        for name, value in element.attrib.items()
        if name.endswith(("href", "src"))
    ]
    assert [value for value in loaded if not value.startswith("#")] == []
    assert "@font-face" not in (DOCS / file).read_text()


def test_words_are_written_as_they_are():
    drawing = Drawing(10, 10, "a < b")
    drawing.text(1, 1, "c & d")
    assert [element.text for element in ElementTree.fromstring(drawing.render()) if element.text] == ["a < b", "c & d"]


def test_an_arrow_ends_with_its_head_at_its_last_point():
    drawing = Drawing(100, 100, "")
    drawing.arrow([(0, 0), (0, 50), (60, 50)], INK)
    assert 'points="0,0 0,50 53,50"' in drawing.parts[0]
    assert 'points="60.0,50.0 ' in drawing.parts[1]
