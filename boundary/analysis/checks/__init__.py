"""What the estimates rest on: convergence, model checks, exchangeability, missing outcomes, settings of the arms."""
