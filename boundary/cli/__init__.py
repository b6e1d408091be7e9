"""The command line: each command parses its options, calls one function of the package and prints the result.

Read first: `main` (the group `boundary`, exit codes, errors), then any module of `commands`, one a command. Then:

- `options`, `parsing`: the options that several commands take, and how a text becomes a value.
- `help_groups`: headings and examples of `--help`. `completion`: what a shell completes.
- `printing`: what commands print. `terminal` is the only way to a terminal, `progress` a bar or the lines of a log.
- `interruption`: what Ctrl-C does. `jax_setup`: what is set before the first fit. `entry`: where the program begins.
"""
