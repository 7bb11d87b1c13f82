"""The rendered objects in the comment."""

from operations.preview import changes, diff_section

ROOM = 10_000


def section(before: dict[str, str], after: dict[str, str], *restarts: str) -> str:
    return diff_section.section(changes.between(before, after), ROOM, restarts)


def test_an_object_is_folded_with_its_diff_and_its_count_of_lines():
    text = section({"Deployment a/b": "x: 1\ny: 2\n"}, {"Deployment a/b": "x: 1\ny: 3\n"})
    assert "<summary>update Deployment a/b (+1 -1)</summary>" in text
    assert "-y: 2\n+y: 3" in text


def labelled(version: str) -> dict[str, str]:
    return {"Role a/b": f"labels:\n  helm.sh/chart: gateway-{version}\n"}


def test_objects_that_only_wear_a_new_version_are_counted():
    text = section(labelled("1.20.3"), labelled("1.20.7"))
    assert text == "1 Kubernetes object, 1 only in version labels."


def test_a_workload_whose_pods_restart_for_a_label_is_shown():
    assert "update Role a/b (+1 -1)" in section(labelled("1.20.3"), labelled("1.20.7"), "Role a/b")


def test_without_changes_there_is_no_section():
    assert section({"a": "1"}, {"a": "1"}) == ""
