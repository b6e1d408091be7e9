"""Smooth populations of solve rates on a grid of logits, and their posterior."""
