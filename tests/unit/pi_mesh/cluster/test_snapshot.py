"""The rights that the program asks for."""

from pi_mesh.cluster import snapshot


def answering(*denied: tuple[str, str]):
    """Return an API server that allows everything except these, and, like most servers, nothing by `*`."""
    asked = []

    def ask(_path: str, review: dict) -> dict:
        attributes = review["spec"]["resourceAttributes"]
        right = attributes["verb"], attributes["resource"]
        asked.append(right)
        return {"status": {"allowed": "*" not in right and right not in denied}}

    return ask, asked


def test_an_administrator_is_asked_about_once():
    def ask(*_: object) -> dict:
        return {"status": {"allowed": True}}

    assert snapshot.missing_rights(ask) == snapshot.Missing()


def test_what_an_install_creates_is_told_apart_from_what_a_later_up_does():
    ask, _ = answering(("create", "deployments"), ("delete", "secrets"), ("create", "roles"))
    assert snapshot.missing_rights(ask) == snapshot.Missing(
        ("deployments.apps",), ("delete secrets", "create roles.rbac.authorization.k8s.io")
    )


def test_every_kind_is_asked_about_with_every_verb():
    ask, asked = answering()
    snapshot.missing_rights(ask)
    kinds = {resource for _, resource in (*snapshot.NEEDED, *snapshot.ALSO)}
    assert {("*", "*")} | {(verb, kind) for verb in ("create", *snapshot.CHANGES) for kind in kinds} == set(asked)
