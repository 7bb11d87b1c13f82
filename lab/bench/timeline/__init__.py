"""The time line of one `pulumi` command: what its processes, the engine, the program and the pods do at each moment."""
