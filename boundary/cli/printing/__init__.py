"""What commands print: `verdict` and `claims` of an analysis, a `plan`, `imported` files, and `sampling` as it runs."""
