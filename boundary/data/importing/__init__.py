"""Published samples of any known format, read into samples and counts."""
