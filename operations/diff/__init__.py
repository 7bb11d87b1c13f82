"""The command `diff`: which fields of which live objects the next `up` changes."""

from operations.command_line import Json, Stack, conclude, expected_errors


def diff(stack: Stack, as_json: Json = False) -> None:
    """Show the objects and fields that the next `up` changes in the cluster, and the changes by hand that it undoes.

    Runs a preview, renders the charts of changed releases with helm, and reads their objects. Nothing is changed; the
    content of Secrets is not shown.
    """
    with expected_errors("diff", stack, as_json):
        from operations.diff import changes

        done = changes.read(stack)
    conclude(done, as_json, changes.show)
