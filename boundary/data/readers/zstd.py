"""Zstandard, as in the standard library from Python 3.14 on; before that from backports.zstd, which is the same."""

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import (
        CompressionParameter as CompressionParameter,
        ZstdDecompressor as ZstdDecompressor,
        ZstdError as ZstdError,
        ZstdFile as ZstdFile,
        compress as compress,
    )
else:
    from backports.zstd import (
        CompressionParameter as CompressionParameter,
        ZstdDecompressor as ZstdDecompressor,
        ZstdError as ZstdError,
        ZstdFile as ZstdFile,
        compress as compress,
    )
