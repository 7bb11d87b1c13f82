"""The name of an image: REGISTRY:PORT/REPOSITORY/PROGRAM:TAG@DIGEST, of which only PROGRAM is always there."""


def program(image: str) -> str:
    """Return the last part of an image's name, without its tag and digest."""
    return _parts(image)[0]


def version(image: str) -> str:
    """Return the version of an image by its tag, without the variant; empty for an image named by digest alone."""
    return _parts(image)[1].partition("-")[0]


def _parts(image: str) -> tuple[str, str]:
    """Return the program and the tag."""
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    return name, tag
