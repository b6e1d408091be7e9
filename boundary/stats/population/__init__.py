"""Populations of solve rates, and the posterior of solve rates given counts, with every solve rate integrated out.

Read `grid` first, then `fit`. A population is a mixture of cells on a grid of logits, with atoms at 0 and at 1:

- `grid`: the cells, the likelihood of counts in each, and quantiles within them.
- `densities`: the weights of the cells as functions of a family's parameters.
- `fit`: draws populations by Hamiltonian Monte Carlo, then solve rates; `draw_rates`: the cell and the rate of each
  problem, exactly.
- `shared_errors`: the same where verdicts err at rates that all problems share and that are not known exactly.
- `beta`: Beta populations, which need no grid.
"""
