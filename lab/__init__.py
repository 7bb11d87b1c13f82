"""A real Kubernetes cluster on one machine, to try and test the program without three Raspberry Pis."""
