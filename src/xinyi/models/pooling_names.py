"""Names of the poolings, readable without torch; `pooling.build_pooling` makes them."""

POOLING_NAMES = ("cls", "mean", "text_mean", "max", "mean_max", "attention")
