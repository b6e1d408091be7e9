"""Claims such as `shrinkage(1024) > 0`: their grammar, their probability, and the samples that would settle them.

Read `grammar` first: the language, which knows every claimable record of `ESTIMANDS`. Then:

- `draws`: in which posterior draws a claim holds.
- `evaluate`: claims from a file, the command line or Python, each with its probability: `boundary.claims`.
- `problem_sums`: a claim as sums over problems, which are what samples inform about.
- `plan`: how many more samples settle a claim, and of which problems and models: `boundary.plan`.
"""
