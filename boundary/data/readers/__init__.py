"""Files of others, read within bounds: nothing that a file says is believed before it is counted.

Read first: `limits` (every bound, with its reason), then `streams` (`Source`: one file as it streams by, plain, .gz or
.zst). `unpacking` holds what unpacks, `zip_members`, `parquet_files`, `parquet_rows`, `yaml_fields`, `toml_files` and
`raw_json` read one kind of file each. `file_kinds` tells by the first bytes what is certainly no file of samples;
`sidecar_files` reads what a tool wrote beside its samples.
"""
