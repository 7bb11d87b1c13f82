"""Container images as docker-archive tars."""

from lab.toolchain import image_archive
from lab.toolchain.image_archive import Image


def test_the_same_image_is_the_same_bytes(tmp_path):
    (program := tmp_path / "program").write_bytes(b"\x7fELF")
    image = Image("a/b:1", ("/program",), {"/program": program}, {"/sbin": "bin"}, {"/etc/passwd": "root"}, ("/tmp",))
    for name in ("one.tar", "two.tar"):
        image_archive.write(image, tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
