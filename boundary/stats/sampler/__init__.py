"""Samplers.

- `hmc`: Hamiltonian Monte Carlo from the mode, for populations on a grid. Read it first.
- `nuts`: NumPyro's NUTS, for Beta populations and for three or more models jointly.
- `compilation`: compiled code kept on disk.
"""
