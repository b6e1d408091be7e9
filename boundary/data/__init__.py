"""Where counts come from: tables of per-problem sample counts, shipped sets and published formats."""
