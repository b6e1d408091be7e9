"""How likely responses of one model are under another: mathematics on log-probabilities.

- `cells`: what the responses of a problem, of one group (a model's right ones, say), are summed up in.
- `means`: the hierarchical model of their means. Read it first.
- `superiority`: probability that a response of one group exceeds one of another.
- `importance`: what the responses of one model say of another's solve rate: bounds and importance sampling.
- `gains`: the gain in pass@1 by what counts and scores say of the base's reach.
"""
