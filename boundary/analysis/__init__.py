"""Questions a person asks of counts, answered with the mathematics of `boundary.stats`."""
