"""Tables on disk: counts, a row for each problem, or a row a sample.

- `reading`: a CSV, TSV or Parquet file, or a folder, as a raw table. Start here.
- `sample_rows`: a table with a row a sample, counted.
- `writing`: files that commands write, whole or not at all, and never over an input.
- `spreadsheets`: cells that a spreadsheet would run as a formula.
"""
