"""The lab's command line, which names its functions as text."""

from pkgutil import resolve_name

import pytest

from lab import __main__ as cli

COMMANDS = [function for function, _ in cli.COMMANDS.values()]
FUNCTIONS = (*COMMANDS, *cli.VAULT.values(), *cli.NODE.values(), cli.ISTIO, cli.IMAGES, "lab.cluster.forward:reach")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_command_has_its_function(function):
    assert callable(resolve_name(function))
