"""The local cluster: its machines, networks and processes, and the commands that start, stop and disturb it."""
