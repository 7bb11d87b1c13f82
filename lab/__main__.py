import sys

from lab.cluster import down, up

if __name__ == "__main__":
    up.up() if sys.argv[1] == "up" else down.remove()
