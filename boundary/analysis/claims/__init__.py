"""Claims such as `shrinkage(1024) > 0`: their grammar, their probability, and the samples that would settle them."""
