"""A small `pulumi-resource-vault` for machines that can't download the published one, which can't be built from source.

It speaks the resource types and properties that the program uses, and no others, to a real Vault. For the lab alone: on
a real cluster the published plugin does this; where that is installed, the lab uses it too.
"""

VERSION = "7.11.0"
"""Version of the published plugin whose properties these are; the Python package asks for it."""
