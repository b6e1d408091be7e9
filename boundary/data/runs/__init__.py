"""Run folders, as `boundary sample` writes them."""
