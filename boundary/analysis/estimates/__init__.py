"""Rows of the estimates table: the posterior's, those of the counts alone, prior-free bounds, rankings."""
