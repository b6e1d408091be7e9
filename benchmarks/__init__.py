"""What the software is measured by; run from the root of the repository."""
