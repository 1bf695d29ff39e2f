"""The lake, a table store: Parquet partitioned by month, and one head, whose replacement is the commit."""

from newslake.pipeline.lake.article_changes import ArticleChange, Changes
from newslake.pipeline.lake.article_index import CachedOutcome, StoredArticle, row_key_of
from newslake.pipeline.lake.erase import CountPairs, Redaction, SnapshotErasure
from newslake.pipeline.lake.lake import Lake
from newslake.pipeline.lake.log_compaction import removed_log
from newslake.pipeline.lake.maintenance import Garbage
from newslake.pipeline.lake.merge import ArticleResult, CommitReport
from newslake.pipeline.lake.partitions import CommittedFile, committed_files
from newslake.pipeline.lake.reader import LakeVersions, versions_of
from newslake.pipeline.lake.snapshots import Snapshot
from newslake.pipeline.lake.staging import KEYS_SCHEMA
from newslake.pipeline.lake.storage import check_layout
from newslake.pipeline.lake.verify import Depth

__all__ = [
    "KEYS_SCHEMA",
    "ArticleChange",
    "ArticleResult",
    "CachedOutcome",
    "Changes",
    "CommitReport",
    "CommittedFile",
    "CountPairs",
    "Depth",
    "Garbage",
    "Lake",
    "LakeVersions",
    "Redaction",
    "Snapshot",
    "SnapshotErasure",
    "StoredArticle",
    "check_layout",
    "committed_files",
    "removed_log",
    "row_key_of",
    "versions_of",
]
