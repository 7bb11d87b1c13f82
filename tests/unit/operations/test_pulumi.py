"""The command pulumi: what it is asked, and the message where it fails."""

import json
from functools import partial

import pytest

from operations import pulumi
from operations.pulumi import PulumiFailed
from pi_mesh.settings import SettingsError

pending = partial(pulumi.pending, judged=False)
NO_PASSPHRASE = "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment"
PACK = ["--policy-pack", "policies"]


@pytest.mark.parametrize(("stderr", "reason"), [
    ("error: the state is broken\n", "the state is broken"),
    ("warning: old\nerror: could not decrypt\n\n  see the docs\n", "could not decrypt"),
    ("panic\n", "panic"),
    ("error: yaml: unmarshal errors:\n  line 7: key twice\n", "yaml: unmarshal errors: line 7: key twice"),
    ("", "pulumi gave no reason"),
])  # fmt: skip
def test_a_failed_command_is_one_line_with_pulumis_reason_and_what_to_do(pulumi_says, stderr, reason):
    pulumi_says(stderr=stderr, status=255)
    with pytest.raises(PulumiFailed) as failed:
        pulumi.export("lab")
    assert str(failed.value) == (
        f"pulumi stack export --stack lab: failed: {reason}; "
        "check the stack with `pulumi stack ls`, and the backend with `pulumi whoami -v`"
    )


@pytest.mark.parametrize(("reason", "what"), [
    (f"getting secrets manager: {NO_PASSPHRASE} variables", "`export PULUMI_CONFIG_PASSPHRASE_FILE=FILE`"),
    ("constructing secrets manager of type 'passphrase': incorrect passphrase", "PASSPHRASE_FILE=FILE`"),
    ("PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", "`pulumi login file://"),
    ("no Pulumi.yaml project file found (searching upwards from /tmp)", "`cd` into this project's folder"),
    ("no stack named 'lab' found", "`pulumi stack ls` lists the stacks"),
    ('Pulumi CLI version 3.200.0 does not satisfy the version range ">=3.259.0"', "install a newer pulumi: https"),
    ("the stack is currently locked by 1 lock(s).", "`python -m operations repair -s STACK --yes`"),
])  # fmt: skip
@pytest.mark.parametrize("ask", [pulumi.export, pending], ids=["export", "preview"])
def test_a_strangers_first_errors_say_what_to_type(pulumi_says, ask, reason, what):
    pulumi_says(stderr=f"error: {reason}\n", status=255)
    with pytest.raises(PulumiFailed) as failed:
        ask("lab")
    assert what in failed.value.finding.fix


def test_what_pulumi_says_of_itself_is_told_without_the_backend_and_the_stack(pulumi_says):
    said = {"cliAbout": {"version": "3.259.0"}, "backend": {"user": "me"}, "currentStack": {"resources": ["urn"]}}
    pulumi_says(stdout=json.dumps(said))
    assert {key: value for key, value in pulumi.about().items() if value} == {"cliAbout": {"version": "3.259.0"}}


def test_a_command_that_writes_for_the_user_refers_to_what_it_wrote(pulumi_says, capfd):
    pulumi_says(stderr="the update failed\n", status=255)
    with pytest.raises(PulumiFailed, match="failed: see above"):
        pulumi.up("lab", judged=False)
    assert capfd.readouterr() == ("", "the update failed\n")


def test_a_preview_that_fails_says_why_though_pulumi_says_it_in_json(pulumi_says):
    texts = ("preflight: no", "an unhandled error occurred")
    said = [{"severity": "error", "message": f"error: {text}\n"} for text in texts]
    pulumi_says(json.dumps({"steps": [], "diagnostics": said}), status=1)
    with pytest.raises(PulumiFailed, match="failed: preflight: no; nothing was changed"):
        pending("lab")


def test_without_pulumi_a_command_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PulumiFailed, match=r"pulumi is not on PATH; install it"):
        pulumi.backend()


def test_what_the_program_registers_is_asked_for_without_a_cluster(pulumi_says, tmp_path):
    # So the preflight does not refuse the very mesh that is about to be adopted.
    pulumi_says(json.dumps({"steps": [{"op": "create", "newState": {"urn": "a"}}, {"op": "delete", "oldState": {}}]}))
    command = tmp_path / "pulumi"
    command.write_text(command.read_text().replace('echo "$@"', 'echo "$KUBECONFIG: $@"'))
    assert pulumi.registered("lab") == [{"urn": "a"}]
    assert (tmp_path / "asked").read_text().startswith("/dev/null: preview --stack lab --json")


@pytest.mark.parametrize(("function", "values", "arguments"), [
    (pulumi.set_all, [{"a": "1", "b": "2"}], "config set-all --stack lab --path --plaintext a=1 --plaintext b=2"),
    (pulumi.set_config, ["vault.generation", "2"], "config set --stack lab --path vault.generation 2"),
    (pulumi.set_config, ["a.b", "1", "string"], "config set --stack lab --type string --path a.b 1"),
    (pulumi.set_secret, ["caKey", "made-up"], "config set --stack lab --secret caKey"),
    (pulumi.unprotect, ["urn:x"], "state unprotect urn:x --stack lab --yes"),
    (pulumi.remove_config, ["a.b"], "config rm --stack lab --path a.b"),
    (pulumi.import_, [{}], "stack import --stack lab"),
    (partial(pulumi.up, judged=False), [], "up --stack lab --yes --skip-preview"),
])  # fmt: skip
def test_a_write_is_one_command_without_questions(pulumi_says, tmp_path, function, values, arguments):
    pulumi_says()
    function("lab", *values)
    assert (tmp_path / "asked").read_text() == f"{arguments} --non-interactive\n"


def test_a_secret_is_read_only_where_there_is_one(pulumi_says, tmp_path):
    pulumi_says(json.dumps({"pi-mesh:caKey": {"secret": True}}))
    assert pulumi.secret("lab", "pi-mesh:other") is None
    assert pulumi.secret("lab", "pi-mesh:caKey") == (tmp_path / "out").read_text()
    assert (tmp_path / "asked").read_text().count("config get") == 1


def test_a_config_too_deep_for_python_is_refused_with_its_file(pulumi_says):
    pulumi_says("[" * 2000)
    with pytest.raises(SettingsError, match=r"Pulumi\.lab\.yaml: has more than 100 levels of keys; write fewer"):
        pulumi.config("lab")


def test_what_an_up_would_change_leaves_out_what_stays(pulumi_says):
    steps = [{"urn": op, "op": op} for op in ("same", "read", "refresh", "update", "create")]
    pulumi_says(json.dumps({"steps": steps}))
    assert pulumi.pending("lab", judged=True) == {"update": "update", "create": "create"}


@pytest.mark.parametrize(("files", "judged", "options"), [
    ([], True, []),
    (["PulumiPolicy.yaml"], False, []),
    (["PulumiPolicy.yaml"], True, PACK),
    (["PulumiPolicy.yaml", "config/lab.json"], True, [*PACK, "--policy-pack-config", "policies/config/lab.json"]),
    (["PulumiPolicy.yaml", "config/other.json"], True, PACK),
])  # fmt: skip
def test_the_projects_own_policies_apply_with_the_stacks_bounds(monkeypatch, tmp_path, files, judged, options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies" / "config").mkdir(parents=True)
    for name in files:
        (tmp_path / "policies" / name).touch()
    assert list(pulumi._policies("organization/pi-mesh/lab", judged)) == options
