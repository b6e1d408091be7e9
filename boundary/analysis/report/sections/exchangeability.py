"""The section on exchangeability: drift and dependence of the samples."""

from typing import Any

from boundary.analysis.result import Analysis


def exchangeability_section(analysis: Analysis) -> dict[str, Any] | None:
    """Remarks on drift and dependence; None where there were no single samples to check."""
    return {"checks": analysis.exchangeability} if analysis.exchangeability else None
