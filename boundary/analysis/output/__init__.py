"""The files of an analysis.

Read first `folder`: a folder changes as a whole or not at all, and keeps nothing of an earlier analysis.

- `files`: names of the files, and whether a folder can take them: tried before the fit.
- `folder`: writing beside and moving into place, and which files of an earlier analysis may be removed.
- `posterior`: posterior.nc, written and read back; `netcdf` writes it.

What stands in report.html and summary.json is made in `boundary.analysis.report`.
"""
