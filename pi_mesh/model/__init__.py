"""Building blocks of the settings: the frozen model, texts that follow a pattern, resource profiles."""
