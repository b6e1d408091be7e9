"""Tables for papers, notebooks and the terminal, in numbers and as LaTeX, Markdown, HTML and text.

Read first `result_table`: the type that all of them have.

- `result_table`: a table whose cells are written for readers, with the numbers behind it.
- `markup`: texts of others in LaTeX and in Markdown.
- `verdict_table`: a row for each benchmark and model with the verdict, or the share that the model solves.
- `estimate_table`: one estimand of every benchmark and model, at one or more budgets.
"""
