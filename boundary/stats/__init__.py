"""Mathematics on arrays: from counts to posterior draws of solve rates, and from these to every reported quantity.

Read `solve_rates` first: the type that everything here makes or takes. Then:

- `priors/`: the families of populations; each turns counts into solve rates. `population/` and `sampler/` hold what
  they are made of. `borrowed_shape`: the default for a small benchmark beside larger ones of the pair.
- `estimands/`: functions of solve rates, one record each in `ESTIMANDS`. `intervals`, `diagnostics`: their summaries.
- `prior_free/`: bounds, extrapolations and bands without a prior.
- `model_checks`, `exchangeability`, `optional_stopping`, `verdict_errors`: what the estimates assume, and tests of it.
- `allocation`: where further samples are most informative.
- `budgets`, `sample_sizes`, `random_keys`: small parts shared by the rest.

No tables, files or figures here: `boundary.data` and `boundary.analysis` have those.
"""
