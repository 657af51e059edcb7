"""Names of the poolings, readable without torch; `pooling.POOLINGS` holds the functions."""

POOLING_NAMES = ("cls", "mean", "text_mean", "max")
