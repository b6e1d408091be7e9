"""Bounds, extrapolation and bands that need no population of solve rates."""
