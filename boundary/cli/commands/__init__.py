"""The commands of `boundary`, one module each; `boundary.cli.main` puts them together.

A command imports what computes within its function, so that `boundary --help` loads neither pandas nor jax nor torch.
To add one, write a module with a `click.command` and add it to COMMANDS in `boundary.cli.main`.
"""
