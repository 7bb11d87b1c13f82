"""A side of a comparison, as far as it is known."""

from operations.preview import checkout_side, engine
from operations.preview.checkout_side import Side
from operations.preview.engine import Checkout
from operations.preview.engine_result import Intent, Resource, Violation

NAMESPACE = Resource("kubernetes:core/v1:Namespace", "trading", {"kind": "Namespace", "metadata": {"name": "trading"}})
BREACH = Violation("pi-ceiling", "mandatory", "istiod", "too fat")


def side(tmp_path, stack_file: str = "config: {}\n", judge: Checkout | None = None) -> Side:
    folder = tmp_path / "side"
    folder.mkdir()
    (folder / "Pulumi.pi.yaml").write_text(stack_file)
    return checkout_side.of(checkout_side.opened(folder, "pi", ""), judge)


def test_a_refused_side_is_previewed_again_without_rules(tmp_path, monkeypatch):
    def preview(_, judge, *__) -> Intent:
        return Intent({}, {}, violations=(BREACH,)) if judge else Intent({"urn": NAMESPACE}, {})

    monkeypatch.setattr(engine, "preview", preview)
    found = side(tmp_path, judge=Checkout(tmp_path, "pi", {}))
    assert found.intent.violations == (BREACH,)
    assert list(found.objects) == ["Namespace trading"]


def test_a_stack_file_that_is_no_yaml_is_one_line(tmp_path):
    (error,) = side(tmp_path, "config:\n  pi-mesh:istio: {version: 1\n  a: b: c\n").intent.errors
    assert error == "Pulumi.pi.yaml, line 3: is not YAML: expected ',' or '}', but got ':'"


def test_a_stack_that_makes_the_ca_alone_is_not_run_but_its_settings_are_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "preview", None)
    found = side(tmp_path, "config:\n  pi-mesh:vault: {enabled: true, address: https://vault.test:8200, nonsense: 1}\n")
    assert found.intent.errors == ("vault.nonsense: is not a setting; docs/config.md lists them all",)


def test_the_settings_of_a_mesh_are_judged_with_its_ca_that_the_engine_does_not_get(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "preview", None)
    (tmp_path / "Pulumi.pi.yaml").write_text(
        "config:\n  pi-mesh:cluster: {context: x}\n  pi-mesh:istio: {version: 1.20}\n"
        "  pi-mesh:vault: {enabled: true, adress: https://vault.test}\n  pi-mesh:vaultToken: {secure: v1:x}\n"
    )
    opened = checkout_side.judged(checkout_side.opened(tmp_path, "pi", ""))
    version, typo, *_ = checkout_side.of(opened).intent.errors
    assert version.startswith("istio.version: 1.2: is a number in YAML")
    assert typo == "vault.adress: is not a setting; did you mean `address`?"


def test_a_ca_of_the_owners_is_judged_too(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "preview", None)
    (tmp_path / "Pulumi.pi.yaml").write_text(
        "config:\n  pi-mesh:cluster: {context: x}\n  pi-mesh:istio: {version: 1.31.0}\n  pi-mesh:ca: {sourc: pem}\n"
    )
    opened = checkout_side.judged(checkout_side.opened(tmp_path, "pi", ""))
    assert checkout_side.of(opened).intent.errors == ("ca.sourc: is not a setting; did you mean `source`?",)


def test_rules_that_do_not_load_are_told(tmp_path):
    (tmp_path / "side" / "policies").mkdir(parents=True)
    (tmp_path / "side" / "policies" / "PulumiPolicy.yaml").write_text("")
    (tmp_path / "side" / "Pulumi.pi.yaml").write_text("config: {}")
    found = checkout_side.of(checkout_side.opened(tmp_path / "side", "pi", ""))
    assert found.rules == {}
    assert found.rules_problem is not None
    assert found.rules_problem.startswith("the policy pack does not load: ")
