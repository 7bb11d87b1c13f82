"""The preview of a stack file by the real program, without an engine and without a cluster."""

import contextvars
import json
import os
import runpy
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from pulumi.runtime import config

from tests.support.recorder import record
from tests.support.recording import Recording
from tests.support.shape import ROOT


def previewed(file: Path, outputs: Mapping = MappingProxyType({}), **changes: object) -> Recording:
    """Return what the program registers for a stack file with some keys changed; `outputs` as for the recorder."""
    content = yaml.safe_load(file.read_text())["config"] | {f"pi-mesh:{key}": value for key, value in changes.items()}
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}

    def program() -> Recording:
        config.set_all_config(values)
        return record(lambda: runpy.run_path("__main__.py"), file.name.split(".")[1], preview=True, outputs=outputs)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("KUBECONFIG", os.devnull)
        return contextvars.copy_context().run(program)
