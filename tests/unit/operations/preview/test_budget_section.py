"""The comment's section on the mesh's use of the Pis, on both sides."""

from operations.preview import budget_section


def row(limits: str) -> dict[str, str]:
    return {"pods": "1", "requests": "1m / 1Mi", "limits": limits, "more in a rollout": ""}


BEFORE = {"egress gateway": row("a"), "sidecar": row("256Mi"), "istiod": row("x"), "room": "Room for 81 more on 3 Pis."}


def test_a_changed_row_shows_both_sides_and_the_others_are_folded():
    shown, _, others = budget_section.section(BEFORE, {**BEFORE, "sidecar": row("384Mi")}).partition("<details>")
    assert "| sidecar | 1 | 1m / 1Mi | 256Mi → **384Mi** |  |" in shown
    assert "istiod" not in shown
    assert "2 other rows, unchanged" in others
    assert "| istiod |" in others


def test_a_removed_row_is_shown_as_removed_and_a_new_one_as_new():
    after = {"sidecar": BEFORE["sidecar"], "istiod": BEFORE["istiod"], "ingress": row("b"), "room": BEFORE["room"]}
    text = budget_section.section(BEFORE, after)
    assert "| **egress gateway** (removed) | 1 → **nothing** | 1m / 1Mi → **nothing** | a → **nothing** |  |" in text
    assert "| **ingress** (new) | 1 | 1m / 1Mi | b |  |" in text


def test_the_whole_budget_is_shown_as_removed_where_it_goes():
    assert "| **sidecar** (removed) |" in budget_section.section(BEFORE, {})


def test_an_unchanged_budget_is_folded_whole():
    text = budget_section.section(BEFORE, BEFORE)
    assert text.startswith("<details><summary>Budget: unchanged</summary>")
    assert "Room for 81 more on 3 Pis." in text


def test_of_the_old_sentence_only_the_word_that_differs_is_repeated():
    text = budget_section.section(BEFORE, {**BEFORE, "room": "Room for 82 more on 3 Pis."})
    assert "Room for 82 more on 3 Pis. (Before: 81)" in text
    text = budget_section.section(BEFORE, {**BEFORE, "room": "It does NOT fit."})
    assert "It does NOT fit. (Before: Room for 81 more on 3 Pis.)" in text


def test_without_a_budget_there_is_no_section():
    assert budget_section.section({}, {}) == ""
