"""Samplers: Hamiltonian Monte Carlo from the mode, and NUTS."""
