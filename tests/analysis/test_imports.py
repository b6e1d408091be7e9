"""An analysis loads what it uses, and nothing else."""

import subprocess
import sys

# Of what a plain run never needs, and of what it needs only once it draws, writes or checks.
NEVER = ("torch", "transformers", "click", "rich")
LATER = ("matplotlib", "arviz", "jinja2", "h5netcdf", "h5py", "scipy.stats", "PIL")


def test_import_of_analyze_loads_what_every_fit_uses():
    code = f"import sys, boundary.analysis.analyze; print(sorted(set({(*NEVER, *LATER)!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
