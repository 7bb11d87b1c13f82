"""The growth of time and memory with the number of routes, pods and nodes: `python -m lab.bench.growth`."""
