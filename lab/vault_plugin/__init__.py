"""A small `pulumi-resource-vault` for machines that cannot download the published one or build it from source.

It supports only the resource types and properties that the program uses, and talks to a real Vault with the calls of
the published plugin, which contract.json records, and with its errors. It is for the lab alone: on a real cluster the
published plugin is used, and the lab uses that one too if PI_MESH_VAULT_PLUGIN names its file.
"""

VERSION = "7.11.0"
"""Version of the published plugin with the same properties; the Python package asks for it."""
