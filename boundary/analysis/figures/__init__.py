"""Figures, drawn from the estimates table alone."""
