"""Cost: what models solve at equal tokens or money, from solve rates and the lengths of attempts.

Read first `record`, what an analysis keeps of it.

- `lengths`: the lengths of attempts of a fit, from samples or from mean tokens of the counts.
- `estimates`: rows of the table, from the joint posterior of solve rates and lengths.
- `token_limit`: samples cut at a limit of tokens after the fact, and what that does to the counts.
- `analyse_cost`: all of it, for `boundary.analyze`.
"""
