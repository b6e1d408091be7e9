"""What a file may hold: bounds for everything that is unpacked or parsed, by what an honest file can hold.

Files of others may be made to fill memory or disk. Each bound stands here with its reason; whoever unpacks or parses
counts as it goes, and refuses what goes beyond. A plain file costs memory in proportion to its own size, and has no
bound but that of its lines. A packed file that is honest and yet beyond its bound can be unpacked by hand.
"""

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

# Published files of samples and verdicts unpack to 4 to 41 times their size by gzip, and to 83 times by zstd -19.
MOST_TIMES = 128
# Files of a few verdicts repeat themselves more; what they hold fits in memory all the same.
ALWAYS_ALLOWED = 64 * MIB
# A problem with 10,000 samples of 32,000 tokens, 4 bytes each and a half of them escaped, on one line of JSON.
LONGEST_LINE = 2 * GIB
# The first record is looked at to tell a format; one that is longer shows itself by its start.
LONGEST_FIRST = 16 * MIB
# What a message quotes of a file, in characters.
LONGEST_MESSAGE = 1200

# A shard of a run folder: 512 samples, or FLUSH_TEXT characters. It is bounded as such, and not by its packed size,
# since the texts of a model that repeats itself pack to nothing.
LARGEST_SHARD = GIB
# One sample or verdict in it: a million tokens, 4 characters each, every one escaped as \uXXXX, or the shard's header.
LONGEST_SAMPLE = 32 * MIB
# The header of a shard: 40 bytes a sample, a third of it a hash that does not compress.
LARGEST_HEADER = 4 * MIB
# What is kept in memory of each sample and each verdict, beside its texts, in bytes of the JSON that they stand in.
SAMPLE_ROW, VERDICT_ROW = 40, 30
# Characters of text after which `boundary sample` and `boundary verify` start a new shard; escaped they take up to 12
# times as many bytes, which still makes a shard that can be read.
FLUSH_TEXT = 64 * MIB
# A manifest: settings, and a chat template of some kilobytes.
LARGEST_MANIFEST = 4 * MIB

# A member of a zip file or an entry of a table in memory: the largest sample of an agent, with pictures in it.
LARGEST_MEMBER = 512 * MIB
# A YAML file holds one problem: a mapping of lists of texts.
DEEPEST_YAML = 8
# A file of claims or of a run's options, in TOML: written by hand.
LARGEST_TOML, MOST_DOTS = 256 * KIB, 100
# A name of a model, a benchmark or a problem: a path, or a question in short. Drawing one of 100,000 takes minutes.
LONGEST_NAME = 500
# A table of counts: names and numbers, some hundred bytes a row once expanded.
LARGEST_TABLE = GIB
MANY_ROWS = 1_000_000
# Rows of a byte: where a column is constant or repeats, a row adds no more than the bits of its count.
ROWS_OF_A_BYTE = 8


def most_rows(size: int) -> int:
    """Most rows that a table of counts of so many bytes has; each costs about a kilobyte of memory."""
    return max(MANY_ROWS, ROWS_OF_A_BYTE * size)


def most_unpacked(packed: int) -> int:
    """Most bytes that an honest file of so many packed bytes unpacks to."""
    return max(ALWAYS_ALLOWED, MOST_TIMES * packed)


def mib(size: int) -> str:
    """A size in words, for messages."""
    return f"{max(1, size // MIB)} MiB"
