"""The command `connectivity`: make the calls that must pass and those that must not, or judge a call of the user's."""
