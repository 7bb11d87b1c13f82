"""The pictures of the documents, drawn by code: `python -m lab.pictures` writes them into docs/."""
