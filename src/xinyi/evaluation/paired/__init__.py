"""Two models on the same rows: matching by content, paired differences, and what a test set can tell. Numpy alone."""
