"""The whole job timed side by side with what a user would use instead."""
