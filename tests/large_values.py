"""Expressions whose values need gigabytes. DuckDB checks neither memory nor time within one expression."""

LARGE_VALUES = (
    "damerau_levenshtein(repeat('a', 50000), repeat('b', 50000))",
    "length(repeat('x', 2000000000) || 'y')",
    "length(to_base64(repeat('x', 1000000000)::BLOB))",
    "length(lpad('x', 2000000000, 'y'))",
    "len([x FOR x IN range(100000000)])",
    "len(generate_series(1, 100000000))",
    "unnest(range(1000000000))",
)
