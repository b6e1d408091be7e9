"""From counts to the result of an analysis, with the mathematics of `boundary.stats`.

Read first: analyze.py (`analyze`: request, fits, estimates, checks, result), request.py (`Request`: the checked
options), result.py (`Analysis`: the result, and the files that it writes), notes.py (`Note`: one sentence).

fitting.py makes the panels, the counts of models that are fitted together, and fits them; fit_store.py keeps finished
fits for a run that is interrupted, fit_inputs.py tells which are the same; verifier_errors.py reads misclassification
rates; checkpoints.py orders the checkpoints of a training run; formatting.py writes numbers.
estimates/ makes the rows of the tables, checks/ tests their assumptions, claims/ evaluates claims and plans samples,
text/ writes sentences, figures/ and report/ show the result, output/ writes its files.
"""
