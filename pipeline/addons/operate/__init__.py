"""The add-on operate: freshness, coverage, plans, sizes and anomalies."""
