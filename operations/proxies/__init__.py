"""The command `proxies`: every running proxy with its version, connection, configuration and certificate."""

from operations.command_line import All, Json, Stack, conclude, expected_errors


def proxies(stack: Stack, as_json: Json = False, everything: All = False) -> None:
    """Show every proxy: version, connection, configuration, certificate, and older settings that it was started under.

    Asks istiod and each proxy through `kubectl port-forward`; nothing is changed.
    """
    with expected_errors("proxies", stack, as_json):
        from operations.proxies import rows

        running, done = rows.read(stack)
    conclude(done, as_json, lambda report: rows.show(report, running, everything))
