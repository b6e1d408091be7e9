"""Whether order and run of the samples tell anything of their outcome."""

from typing import Any

from boundary.analysis.result import Analysis


def exchangeability_section(analysis: Analysis) -> dict[str, Any] | None:
    """Remarks on drift and dependence; None where there were no samples to be checked."""
    return {"checks": analysis.exchangeability} if analysis.exchangeability else None
