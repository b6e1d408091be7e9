"""What commands that fit set up before they load what computes."""

import atexit
import gc


def prepare() -> None:
    """Keep compiled code on disk, and spare clean-up that only takes time."""
    from platformdirs import user_cache_path

    from boundary.stats.sampler.compilation import keep_compiled

    keep_compiled(str(user_cache_path("boundary") / "compiled"))
    # Tables and figures are many small objects, which need not be looked through for every 700 new ones.
    gc.set_threshold(50_000, 20, 20)
    # The process ends: nothing need be looked through for what could be freed. Registered after what JAX registers,
    # so it runs before.
    atexit.register(gc.freeze)
