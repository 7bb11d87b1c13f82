"""The pictures of commands."""

import sys

import pytest

from lab.pictures import terminal


def test_the_picture_has_the_words_and_the_colors_of_a_run():
    drawn = terminal.picture("verify", "error  \x1b[31mbroken\x1b[0m\r\nnext line\r\n", "verify")
    assert all(word in drawn for word in ("error", "broken", "next&#160;line", "verify"))
    assert "@font-face" not in drawn


def test_what_a_later_text_of_a_line_covers_is_not_shown():
    drawn = terminal.picture("up", "working...\rdone\r\n\x1b[2Kend\r\n", "up")
    assert "working" not in drawn
    assert "done" in drawn
    assert "[2K" not in drawn


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        ("one\r\ntwo\r\n", ["one", "two", ""]),
        ("working\rdone", ["done"]),
        ("a\r\nb\r\n\x1b[2Aalpha\r\n\x1b[K", ["alpha", "", ""]),
        ("a\r\nb\r\n\x1b[2A\x1b[J", ["a"]),
        ("\x1b[31mred\x1b[0m\r\n", ["\x1b[31mred\x1b[0m", ""]),
        ("\x1b[?25lhidden cursor", ["hidden cursor"]),
        ("\x1b]11;?\x1b\\question", ["question"]),
        ("old\r\x1b[1mnew\x1b[0m", ["\x1b[1mnew\x1b[0m"]),
    ],
)
def test_the_screen_is_what_a_terminal_shows_in_the_end(output, seen):
    assert terminal.screen(output) == seen


def test_a_command_runs_as_on_a_terminal(capsys):
    said = terminal.run([sys.executable, "-c", '"import sys; print(sys.stdout.isatty())"'])
    assert said == "True\r\n"
    assert capsys.readouterr().out.strip() == "True"
