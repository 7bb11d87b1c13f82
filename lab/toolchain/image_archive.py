"""Container images as docker-archive tars: a config, one layer, a manifest; for `ctr images import`."""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """The content of one image, with one reference: what bears a second tag is taken for what it is not.

    `files`: place in the image -> file of this machine. `links`: place -> what it points to. `texts`: place -> content.
    """

    reference: str
    entrypoint: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    user: str = ""
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"


def write(image: Image, target: Path) -> None:
    """Write the image's archive; the same bytes for the same content."""
    layer = target.with_suffix(".layer")
    _write_layer(image, layer)
    with layer.open("rb") as content:
        diff_id = hashlib.file_digest(content, "sha256").hexdigest()
    config = json.dumps(_config(image, diff_id)).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [image.reference], "Layers": [f"{diff_id}.tar"]}]
    with tarfile.open(target, "w") as tar:
        _add_bytes(tar, "manifest.json", json.dumps(manifest).encode())
        _add_bytes(tar, config_name, config)
        _add_file(tar, f"{diff_id}.tar", layer)
    layer.unlink()


def _config(image: Image, diff_id: str) -> dict[str, object]:
    return {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {
            "User": image.user,
            "Env": [PATH, *(f"{name}={value}" for name, value in image.environment.items())],
            "Entrypoint": list(image.entrypoint),
            "Cmd": list(image.command),
            "WorkingDir": image.workdir,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
        "history": [{"created_by": "lab.toolchain.images"}],
    }


def _write_layer(image: Image, target: Path) -> None:
    with tarfile.open(target, "w") as tar:
        for folder in image.folders:
            entry = _entry(folder, 0o1777)
            entry.type = tarfile.DIRTYPE
            tar.addfile(entry)
        for place, source in sorted(image.files.items()):
            _add_file(tar, place, source, 0o755)
        for place, text in sorted(image.texts.items()):
            _add_bytes(tar, place, text.encode())
        for place, goal in sorted(image.links.items()):
            entry = _entry(place, 0o777)
            entry.type, entry.linkname = tarfile.SYMTYPE, goal
            tar.addfile(entry)


def _entry(place: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(place.lstrip("/"))
    entry.mode = mode
    return entry


def _add_bytes(tar: tarfile.TarFile, place: str, content: bytes) -> None:
    entry = _entry(place, 0o644)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _add_file(tar: tarfile.TarFile, place: str, source: Path, mode: int = 0o644) -> None:
    entry = _entry(place, mode)
    entry.size = source.stat().st_size
    with source.open("rb") as content:
        tar.addfile(entry, content)
