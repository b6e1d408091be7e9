"""Counts of correct samples per model, benchmark and problem: where they come from, and how they are checked.

Read first: `counts` (the type `Counts`), `validation` (what a counts table must be), `catalog` (`load_counts`, the one
way to load). Then, by where the counts come from:

- `tables`: files of counts, and files with a row a sample. `audits`: files of audited verdicts.
- `runs`: the run folders that `boundary sample` writes. `shared_texts`: models whose samples are the same texts.
- `formats`, `importing`: files that other tools wrote, one module a format, and what is done with all of them.
- `sets`, `published`: the counts that come with the package, and cards of sets that live elsewhere.

Below these: `records` (samples as a format's reader gives them), `settings` (how samples were taken), `readers` (files
of others, within bounds), `confusable_names`. Each imports only what stands before it in this order (import-linter
keeps it): records, readers, settings, validation and formats, runs, tables, counts, catalog, importing.
"""
