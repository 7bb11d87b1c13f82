"""The command `verify`, and the checks that need a program, a call or a request besides the snapshot."""
