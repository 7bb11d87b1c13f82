"""The table of faults and bad inputs: the tests of each row, and their last results."""
