"""Parts of formats that would make their modules too long, and the parsing of options that formats share.

- `inspect_files`, `inspect_settings`: the files of inspect_ai, and the settings that they record.
- `matrix_header`: whether the first line of a matrix is a header.
- `verl_sessions`: outputs of verl that belong to one session.
- `option_values`: options of formats, which come as text from the command line.
"""
