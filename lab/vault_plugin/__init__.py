"""A small `pulumi-resource-vault` for machines that can't download the published one, which can't be built from source.

It speaks the resource types and properties that the program uses, and no others, to a real Vault: by the calls of the
published plugin, which contract.json has, and with its errors. For the lab alone: on a real cluster the published
plugin does this, and where PI_MESH_VAULT_PLUGIN names that one's file, the lab uses it too.
"""

VERSION = "7.11.0"
"""Version of the published plugin whose properties these are; the Python package asks for it."""
