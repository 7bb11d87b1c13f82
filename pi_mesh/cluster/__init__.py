"""The live cluster as checks and operations see it; only callers of the client's write methods change it."""
