"""The files of an analysis."""
