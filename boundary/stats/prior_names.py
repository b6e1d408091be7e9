"""Names of the prior families, for help texts, without loading any family: those of the files in `priors/`."""

from importlib.util import find_spec
from pkgutil import iter_modules

_PACKAGE = find_spec("boundary.stats.priors")
PRIOR_NAMES = tuple(
    module.name
    for module in iter_modules(_PACKAGE.submodule_search_locations if _PACKAGE else None)
    if module.name != "prior"
)
