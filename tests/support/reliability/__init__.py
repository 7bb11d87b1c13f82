"""The table of faults and bad inputs: which tests stand for which row, and what they last came to."""
