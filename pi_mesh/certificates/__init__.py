"""What can be said about certificates without asking anybody: pure functions over PEM text."""
