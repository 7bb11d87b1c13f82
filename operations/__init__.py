"""The command line around the program: checks, repairs and changes of a running mesh."""
