"""A side whose program breaks a rule is still known whole."""

from operations.preview import checkout_side, engine
from operations.preview.engine_result import Intent, Resource, Violation

NAMESPACE = Resource("kubernetes:core/v1:Namespace", "trading", {"kind": "Namespace", "metadata": {"name": "trading"}})
BREACH = Violation("pi-ceiling", "mandatory", "istiod", "too fat")


def test_a_refused_side_is_previewed_again_without_rules(tmp_path, monkeypatch):
    def preview(*_, judged: bool) -> Intent:
        return Intent({}, {}, violations=(BREACH,)) if judged else Intent({"urn": NAMESPACE}, {})

    monkeypatch.setattr(engine, "preview", preview)
    folder = tmp_path / "side"
    folder.mkdir()
    found = checkout_side.of(folder, "pi", "", judged=True)
    assert found.intent.violations == (BREACH,)
    assert list(found.objects) == ["Namespace trading"]
