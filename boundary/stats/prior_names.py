"""Names of the prior families, for help texts, without loading any family. A test holds them to those of `PRIORS`."""

PRIOR_NAMES = (
    "nonparametric",
    "beta_binomial",
    "inflated_beta_binomial",
    "logit_normal",
    "stacked",
    "independent",
)
