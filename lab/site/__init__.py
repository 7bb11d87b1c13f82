"""The documents as a small site: `make site` has Zensical build it in `.site/html`."""
