"""The pictures of commands."""

import sys

from lab.pictures import terminal


def test_the_picture_has_the_words_and_the_colors_of_a_run():
    drawn = terminal.picture("verify", "error  \x1b[31mbroken\x1b[0m\r\nnext line\r\n", "verify")
    assert all(word in drawn for word in ("error", "broken", "next&#160;line", "verify"))
    assert "@font-face" not in drawn


def test_what_a_later_text_of_a_line_covers_is_not_shown():
    drawn = terminal.picture("up", "working...\rdone\r\n\x1b[2K\x1b[1Aend\r\n", "up")
    assert "working" not in drawn
    assert "done" in drawn
    assert "[1A" not in drawn


def test_a_command_runs_as_on_a_terminal(capsys):
    said = terminal.run([sys.executable, "-c", '"import sys; print(sys.stdout.isatty())"'])
    assert said == "True\r\n"
    assert capsys.readouterr().out.strip() == "True"
