"""The commands: each parses, calls and prints, and knows no mathematics."""
