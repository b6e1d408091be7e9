"""Tables whose cells no spreadsheet runs: `boundary.data.readers.formula_cells` has the rule for a cell."""

import numpy as np
import pandas as pd

from boundary.data.readers.formula_cells import guarded, unguarded

__all__ = ["guarded", "guarded_table", "unguarded"]


def guarded_table(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts and headings are `guarded`."""
    safe = table.copy(deep=False)
    for place, kind in enumerate(table.dtypes):
        if kind == "str":  # of texts alone, most of them in many rows
            codes, distinct = pd.factorize(table.iloc[:, place])
            texts = np.array([*map(guarded, distinct), np.nan], dtype=object)  # the last stands for what is missing
            safe.isetitem(place, texts[codes])
        elif not pd.api.types.is_numeric_dtype(kind):
            cells = [guarded(cell) if isinstance(cell, str) else cell for cell in table.iloc[:, place]]
            safe.isetitem(place, np.array(cells, dtype=object))
    safe.columns = pd.Index([guarded(name) if isinstance(name, str) else name for name in table.columns])
    return safe
