"""Write docs/tables.md from the contract."""

import pyarrow as pa

from pipeline.tables.datapackage import text_columns
from pipeline.tables.schema import CLUSTER_TABLES, LOG_TABLES, READING_TABLES, SCHEMA_VERSION
from pipeline.tables.spec import Column, TableSpec

_INTRO = """\
# The tables

<!-- Written by `make docs` from pipeline/tables/schema.py. Edit there. -->

Schema version {version}. Each table is a folder of Parquet files that any engine opens, one file a day:

```
data/lake/tables/<table>/published_date=YYYY-MM-DD/part-0.parquet
data/lake/log/<table>/<day>=YYYY-MM-DD/*.parquet
```

The day stands only in the path. `published_date` is the UTC day of the row's `published_at`, and the news day where
that is null. A day without rows has no file. Times are UTC. A null means that the text or the page does not say.

The data says all this itself. Each file has its table's sentence and the schema version in its metadata, and each
column's sentence with the column (`pyarrow.parquet.read_schema(path).field("text").metadata`; in SQL
`parquet_kv_metadata(path)` has the table's). `data/lake/datapackage.json`, a
[Data Package](https://datapackage.org/standard/data-package/), has every table with its columns, types, keys, closed
vocabularies, rows and bytes. It is written with each commit, and a function of the tables alone. Its `path` is a
pattern of files, as engines open it, instead of a list of thousands.

"Left out without text" marks what `newslake lake export --no-text` does not pass on: [share.md](how-to/share.md).

## How to open them

`newslake sql "SELECT ..."` has every table as a view. It joins `dup_group_id` and `is_duplicate` onto `articles`,
`quote_cluster_id` and `is_repeat` onto `quotes`, and `event_cluster_id` onto `events`. `articles_stored`,
`quotes_stored` and `events_stored` are the tables as on disk, without that join. It sees each
day's tables of one commit.
Elsewhere, open each table with a glob of its own:

```sql
-- DuckDB
SET TimeZone = 'UTC';
CREATE VIEW quotes AS SELECT * FROM read_parquet('data/lake/tables/quotes/*/*.parquet',
  hive_partitioning = true, hive_types = {{'published_date': DATE}}, union_by_name = true);
```

ClickHouse, Polars, DataFusion, pandas, Spark, Trino, Athena, BigQuery, R: [engines.md](engines.md), with what each
makes of a column that older files lack.

Join the reading tables on both `article_id` and `revision_id`: a new content never meets the rows of an old one.

## Offsets

Offsets count code points of `articles.text` from 0, and the end is the code point after the last. In Python
`text[start_char:end_char]` is the recorded text. SQL counts from 1, so its `substring` needs **+1**:

```sql
SELECT q.quote_text = substring(a.text, q.start_char + 1, q.end_char - q.start_char) AS same
FROM quotes q JOIN articles a USING (article_id, revision_id);
```

DuckDB's `substring` counts code points. A language whose strings count UTF-16 units (JavaScript, Java, C#) is off by
one after each character beyond U+FFFF, such as an emoji.
"""
_GROUPS = (
    ("Reading tables", "Each row depends on one article alone. All four change at one instant.", READING_TABLES),
    ("Cluster tables", "They relate articles to each other and follow from the reading tables.", CLUSTER_TABLES),
    ("The log", "Append-only: what runs did, and what became of every page.", LOG_TABLES),
)
_ALIASES = {
    "bool": "boolean",
    "double": "float64",
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamp (µs, UTC)",
}


def tables_markdown() -> str:
    """Return the content of docs/tables.md."""
    parts = [_INTRO.format(version=SCHEMA_VERSION)]
    for title, about, specs in _GROUPS:
        parts += [f"## {title}\n\n{about}\n", *(_table(spec) for spec in specs)]
    return "\n".join(parts)


def _table(spec: TableSpec) -> str:
    return "\n".join(
        (
            f"### {spec.name}\n",
            f"{spec.about} Key: {_names(spec.whole_key)}. Sorted by {_names(spec.sort_by)}. "
            f"Folder: `{spec.partition}`.\n",
            "| column | type | null | what it says |",
            "|---|---|---|---|",
            *(_row(column, is_left_out=column.name in text_columns(spec)) for column in spec.columns),
            "",
        )
    )


def _row(column: Column, *, is_left_out: bool) -> str:
    values = f" One of {_names(column.values)}." if column.values else ""
    words = " Left out without text." if is_left_out else ""
    about = (column.about + values + words).replace("|", "\\|")
    return f"| `{column.name}` | {_type(column.type)} | {'yes' if column.nullable else ''} | {about} |"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"({', '.join(f'{field.name} {_type(field.type)}' for field in kind)})"
    return _ALIASES.get(str(kind), str(kind))
