"""Files of counts and of samples: CSV, TSV and Parquet."""
