"""Breadth: how many different answers each model gives, and luck: how often a guess is right.

Read first `record`, what an analysis keeps of it; then `breadth`, which makes it from samples. `estimates` has the rows
of each benchmark, `matched_temperatures` the comparison at temperatures at which the entropies are equal.
"""
