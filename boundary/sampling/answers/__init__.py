"""The answer in what a model wrote."""
