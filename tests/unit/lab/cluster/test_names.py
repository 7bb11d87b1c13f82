"""The names of a checkout's lab."""

import importlib.util
import shutil
from pathlib import Path

from lab.cluster import names


def identity_of(checkout: Path) -> str:
    """Return the identity that `names` has in another checkout."""
    copy = checkout / "lab" / "cluster" / "names.py"
    copy.parent.mkdir(parents=True)
    shutil.copy(names.__file__, copy)
    spec = importlib.util.spec_from_file_location("other_names", copy)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.IDENTITY


def test_two_checkouts_have_different_names(tmp_path):
    assert len({identity_of(tmp_path / "a"), identity_of(tmp_path / "b"), names.IDENTITY}) == 3
