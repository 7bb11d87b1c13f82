"""The command line around the program: preflight, verify, repair, budget, rotate-ca."""
