"""Mathematics on arrays: populations of solve rates, their posteriors, and what follows from them."""
