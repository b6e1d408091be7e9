"""Checks of what the estimates rest on. Each module is one check; most give `Note`s for the verdict and the report.

Before the fits: arm_settings (were the arms sampled and judged alike), suspect_counts, sample_numbers (as many
as counted), exchangeability (of samples), optional_stopping (does n depend on the outcome). On the
fits: convergence, model_checks (posterior predictive checks, leave-one-out, other families), unequal_samples. By
another fit (refit.py, sensitivity analysis): missing_outcomes, valid_reasoning (CoT-pass@k), tipping_point (at which
rate of false positives does the verdict change).

Read first: `boundary.analysis.notes`, then optional_stopping.py for a check of the counts, unequal_samples.py for one
of a fit. Every check is called from `boundary.analysis.analyze`.
"""
