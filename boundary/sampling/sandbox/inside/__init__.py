"""What runs inside the sandbox, handed in as text: it imports the standard library and its own kind, nothing else."""
