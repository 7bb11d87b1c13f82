"""The refusal of a `pulumi` command older than `requiredPulumiVersion`, for versions that ignore that key."""

from pathlib import Path

import pulumi
import yaml

PROJECT = Path(__file__).resolve().parents[1] / "Pulumi.yaml"
INSTALL = "https://www.pulumi.com/docs/install/"


def require() -> None:
    """Raise RunError, with what to do, unless the engine is of the version that Pulumi.yaml requires, if any."""
    wanted = yaml.safe_load(PROJECT.read_text()).get("requiredPulumiVersion")
    try:
        if wanted:
            pulumi.require_pulumi_version(wanted)
    except Exception as problem:
        raise pulumi.RunError(
            f"this program needs the command pulumi {wanted}: {problem}; nothing was touched, install it: {INSTALL}"
        ) from None
