"""The second witness: how likely the answers of one model are under another, from the scores of samples.

Read first `record`, what an analysis keeps of it.
"""
