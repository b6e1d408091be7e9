"""What attempts cost: solved problems against a budget of tokens (or money), from solve rates and lengths of attempts.

- `lengths`: what is known of the lengths of right and wrong attempts, from samples or from means, and draws of it.
- `attempts`: the share of problems solved within a budget, where attempts follow each other until one is right.
- `draws`: both for draws of the solve rates of a fit.
- `quantities`: crossover, coverage at cost and spending from these curves.
- `token_limits`: counts as if every sample had been cut at a limit, and pass@k of them with standard errors.
"""
