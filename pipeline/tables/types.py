"""The Arrow types of the contract, each under one name."""

import pyarrow as pa

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
INT = pa.int32()
INTS = pa.list_(pa.int32())
REAL = pa.float64()
BOOL = pa.bool_()
TIME = pa.timestamp("us", tz="UTC")
DAY = pa.date32()
SPANS = pa.list_(pa.struct([("start_char", pa.int32()), ("end_char", pa.int32())]))
BLOCKS = pa.list_(pa.struct([("kind", pa.string()), ("start_char", pa.int32()), ("end_char", pa.int32())]))
METHODS = pa.list_(pa.struct([("field", pa.string()), ("method", pa.string())]))
