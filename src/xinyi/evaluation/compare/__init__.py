"""Models on the same rows: paired differences, flipped rows both ways, and what those rows have in common."""
