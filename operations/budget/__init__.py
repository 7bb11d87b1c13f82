"""The command `budget`: what the mesh asks of the Pis, and how many sidecars still fit on the live nodes."""

from operations.command_line import Json, Stack, conclude, expected_errors


def budget(stack: Stack, as_json: Json = False) -> None:
    """Show requests, limits and rollout surge of each component, and the room that the live nodes have left."""
    with expected_errors("budget", stack, as_json):
        from operations.budget import headroom

        planned, done = headroom.calculate(stack)
    conclude(done, as_json, lambda report: headroom.show(planned, report))
