"""From a model and a benchmark to counts: problems, prompts, engines, the store and the verifiers."""
