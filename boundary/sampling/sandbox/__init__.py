"""Programs that nobody has read, run without network, processes, or a place to write to."""
