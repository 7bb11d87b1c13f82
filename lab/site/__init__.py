"""The pages as a small site of plain HTML: `make site` writes it into `.site/html`."""
