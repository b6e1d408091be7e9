"""Populations of solve rates, and the posterior of solve rates given counts, with every solve rate integrated out.

Read `grid` first, then `fit`. A population is a mixture of cells on a grid of logits, with atoms at 0 and at 1:

- `grid`: the cells, the likelihood of counts in each, and quantiles within them; `count_tables`: the same for the
  distinct counts of a panel, and `likelihood`: that of a panel given a population.
- `densities`, `pair_densities`: the weights of the cells, of one model and of a pair, as functions of a family's
  parameters. `lumpy_pair_densities`: those of pairs whose problems come in narrow lumps, which `lumps` recognises.
  `borrowed`: those of a pair whose shape other benchmarks of the pair lend.
- `fit`: draws populations by Hamiltonian Monte Carlo, then solve rates. `starts`: where its chains start,
  `monitoring`: what must have converged before it stops, `draw_rates`: the cell and the rate of each problem, exactly.
- `shared_errors`: the same where verdicts err at rates that all problems share and that are not known exactly.
- `beta`: Beta populations, which need no grid.
"""
