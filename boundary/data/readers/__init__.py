"""Files of others, read within bounds: zip, JSON, Parquet, TOML, YAML, packed streams."""
