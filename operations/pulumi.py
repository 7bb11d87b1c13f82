"""Pulumi's command line, which operations call only through this module."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from operations.failures import OperationError
from pi_mesh.checks.finding import Finding, Level, Subject, error
from pi_mesh.settings.errors import limited_depth

PASSPHRASE = (
    "`export PULUMI_CONFIG_PASSPHRASE_FILE=FILE`, a file with the passphrase that `pulumi stack init` asked for"
)
REMEDIES = {
    "passphrase must be set": PASSPHRASE,
    "incorrect passphrase": PASSPHRASE,
    "must be set for login": "log in where this stack's state is: `pulumi login file://FOLDER`, or `pulumi login`",
    "no Pulumi.yaml project file": "`cd` into this project's folder",
    "no stack named": "`pulumi stack ls` lists the stacks, and `pulumi stack init NAME` makes one",
    "does not satisfy the version range": "install a newer pulumi: https://www.pulumi.com/docs/install/",
    "currently locked": "if no other run is under way, `python -m operations repair -s STACK --yes`",
}
"""Commands to type, by a part of Pulumi's own reason (pulumi 3.259)."""
CHECK_STACK = "check the stack with `pulumi stack ls`, and the backend with `pulumi whoami -v`"


def preview_errors(stdout: str) -> str:
    """Return the errors of a preview with --json, without Pulumi's general line that the program failed."""
    try:
        said = [entry["message"] for entry in json.loads(stdout)["diagnostics"] if entry["severity"] == "error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return "".join(text for text in said if "an unhandled error occurred" not in text)


def last_error(stderr: str) -> str:
    """Return the last error that Pulumi named, or else the last line that it wrote."""
    said = [line.strip() for line in re.sub(r":\n\s+", ": ", stderr).splitlines() if line.strip()]
    named = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    return (named or said or ["pulumi gave no reason"])[-1]


WITHOUT_JSON = "nothing was changed; run it without --json to see its whole output"
UNCHANGED = ("same", "read", "refresh")
HARMFUL = ("replace", "delete", "create-replacement", "delete-replaced", "discard-replaced")
"""Operations of the engine that no adoption and no upgrade may lead to."""
INSTALL = "install it: https://www.pulumi.com/docs/install/"
POLICIES = Path("policies")
"""Folder of the policy pack in the project's folder."""


class PulumiFailed(OperationError):
    """A command of Pulumi failed; the text has the command, Pulumi's reason, and what to do."""

    def __init__(self, command: str, reason: str, fix: str) -> None:
        super().__init__(error("pulumi", Subject("command", command), reason, fix))


def config(stack: str) -> dict[str, dict]:
    """Return the stack's config by full key. Needs no passphrase: secrets stay encrypted. Raises SettingsError."""
    with limited_depth(f"Pulumi.{stack}.yaml"):
        return json.loads(_output("config", "--json", "--stack", stack))


def set_config(stack: str, path: str, value: str, kind: str = "") -> None:
    """Write one value into the stack's file, of this type of Pulumi's: by default the one that it looks like."""
    _output("config", "set", "--stack", stack, *(("--type", kind) if kind else ()), "--path", path, value)


def set_all(stack: str, values: Mapping[str, str]) -> None:
    """Write several plain values into the stack's file at once, by their paths: a kill leaves all of them or none."""
    pairs = [part for path, value in values.items() for part in ("--plaintext", f"{path}={value}")]
    _output("config", "set-all", "--stack", stack, "--path", *pairs)


def set_secret(stack: str, key: str, value: str) -> None:
    """Write one encrypted value into the stack's file; it never appears on a command line."""
    _output("config", "set", "--stack", stack, "--secret", key, text=value)


def secret(stack: str, key: str) -> str | None:
    """Return a decrypted value; None where there is none."""
    return _output("config", "get", "--stack", stack, key).rstrip("\n") if key in config(stack) else None


def unprotect(stack: str, urn: str) -> None:
    """Let the next `up` delete a protected resource."""
    _output("state", "unprotect", urn, "--stack", stack, "--yes")


def remove_config(stack: str, path: str) -> None:
    _output("config", "rm", "--stack", stack, "--path", path)


def up(stack: str, judged: bool) -> None:
    """Run `pulumi up`, with the policy pack if `judged`; its output goes to standard error, apart from the report."""
    _run("up", "--stack", stack, "--yes", "--skip-preview", *_policies(stack, judged), output=sys.stderr)


def applied(stack: str, judged: bool, done: Finding, failed: str, fix: str) -> Finding:
    """Run `pulumi up`; return the finding of its success, or as an error why it `failed` and what to do."""
    try:
        up(stack, judged)
    except PulumiFailed:
        return replace(done, level=Level.ERROR, number=None, message=failed, fix=fix)
    return done


def steps(stack: str, judged: bool = False) -> list[dict]:
    """Return the steps of a preview that change something. Raises PulumiFailed, as `up` would."""
    try:
        shown = _output("preview", "--stack", stack, "--json", *_policies(stack, judged))
    except PulumiFailed as problem:
        fix = WITHOUT_JSON if problem.finding.fix == CHECK_STACK else problem.finding.fix
        raise PulumiFailed(problem.finding.name, problem.finding.message, fix) from None
    return [step for step in json.loads(shown)["steps"] if step["op"] not in UNCHANGED]


def pending(stack: str, judged: bool) -> dict[str, str]:
    """Return what an `up` would change now: operations such as "update" by URN. Raises as `steps` does."""
    return {step["urn"]: step["op"] for step in steps(stack, judged)}


def registered(stack: str) -> list[dict]:
    """Return the resources that the program registers, in order and with inputs, by a preview without a cluster.

    So no preflight refuses the mesh that is to be adopted. Raises PulumiFailed.
    """
    shown = _run("preview", "--stack", stack, "--json", environment={"KUBECONFIG": os.devnull}).stdout
    return [step["newState"] for step in json.loads(shown)["steps"] if step.get("newState")]


def _policies(stack: str, judged: bool) -> Iterable[str]:
    """Return the options that apply the project's own policy pack, with the stack's bounds if it has some."""
    if not judged or not (POLICIES / "PulumiPolicy.yaml").exists():
        return ()
    bounds = POLICIES / "config" / f"{stack.rpartition('/')[2]}.json"
    return ("--policy-pack", str(POLICIES), *(("--policy-pack-config", str(bounds)) if bounds.exists() else ()))


def export(stack: str) -> dict:
    """Return the stack's state. Needs no passphrase: secrets stay encrypted."""
    return json.loads(_output("stack", "export", "--stack", stack))


def has_stack(stack: str) -> bool:
    names = {entry["name"] for entry in json.loads(_output("stack", "ls", "--json"))}
    return bool(names & {stack, stack.rpartition("/")[2]})


def init(stack: str, secrets_provider: str = "") -> None:
    """Make an empty stack; its secrets provider is the one of its stack file, if that exists."""
    _output("stack", "init", stack, *(("--secrets-provider", secrets_provider) if secrets_provider else ()))


def import_(stack: str, state: dict) -> None:
    """Replace the stack's state."""
    _output("stack", "import", "--stack", stack, text=json.dumps(state))


def about() -> dict[str, Any]:
    """Return the versions of Pulumi and its plugins, of Python and its packages; nothing of the backend or a stack."""
    said = json.loads(_output("about", "--json"))
    return {key: said.get(key) for key in ("cliAbout", "plugins", "host", "runtime", "dependencies")}


def backend() -> str:
    """Return the URL of the current backend."""
    return json.loads(_output("whoami", "--json"))["url"]


def _output(*arguments: str, text: str | None = None) -> str:
    return _run(*arguments, text=text).stdout


def _run(
    *arguments: str,
    text: str | None = None,
    output: IO | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[str]:
    """Run a command and capture its output, or send it to `output`. Raises PulumiFailed."""
    shown, pipe = " ".join(["pulumi", *arguments]), output or subprocess.PIPE
    command = ["pulumi", *arguments, "--non-interactive"]
    variables = {**os.environ, **environment}
    try:
        done = subprocess.run(command, input=text, stdout=pipe, stderr=pipe, text=True, check=False, env=variables)
    except FileNotFoundError:
        raise PulumiFailed(shown, "the command pulumi is not on PATH", INSTALL) from None
    if done.returncode:
        reason = "see above" if output else last_error(preview_errors(done.stdout) + done.stderr)
        fix = next((what for part, what in REMEDIES.items() if part in reason), CHECK_STACK)
        raise PulumiFailed(shown, f"failed: {reason}", fix)
    return done
