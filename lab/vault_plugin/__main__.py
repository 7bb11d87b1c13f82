"""The plugin's process, which the engine starts with its own address as the argument."""

import sys

from pulumi.provider.experimental.server import main

from lab.vault_plugin import VERSION
from lab.vault_plugin.provider import VaultProvider

main(sys.argv[1:], VERSION, VaultProvider())
