"""A program without a resource: what is left is the engine, the language host and Python."""

import pulumi  # noqa: F401
