"""Sketches are equal for equal texts, on every machine."""

import hashlib
import subprocess
import sys

import pyarrow as pa

from newslake.pipeline.clusters import SKETCH_FIELDS, sketches_of

TEXTS = ["The ferry to Saltby was late again, “and nobody was told”, said Ada Quill.", "", "Two words"]
CODE = (
    "import hashlib; from newslake.pipeline.clusters import sketches_of\n"
    f"print(hashlib.sha256(repr(sketches_of({TEXTS!r}).to_pylist()).encode()).hexdigest())"
)


def test_a_sketch_has_the_declared_columns() -> None:
    """One row per text, also for no text, in the columns of SKETCH_FIELDS."""
    assert sketches_of(TEXTS).schema == sketches_of([]).schema == pa.schema(SKETCH_FIELDS)
    assert sketches_of(TEXTS).num_rows == len(TEXTS)


def test_shingles_are_of_three_words() -> None:
    """13 words have 11 shingles; the three inside the quotation are not in ``own``."""
    first, none, short = sketches_of(TEXTS).to_pylist()
    assert (len(first["shingles"]), len(first["unquoted"])) == (12, 10)
    assert none["shingles"] == short["shingles"] == []


def test_order_of_words_counts() -> None:
    """The same words in another order have other shingles."""
    one, other = sketches_of(["late ferry sails tonight", "ferry late tonight sails"]).to_pylist()
    assert not {*one["shingles"]} & {*other["shingles"]}


def test_sketches_are_the_same_in_every_process() -> None:
    """A sketch depends neither on the hash seed of the process nor on the other texts."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", CODE], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {hashlib.sha256(repr(sketches_of(TEXTS).to_pylist()).encode()).hexdigest()}
    assert sketches_of(TEXTS[:1]).to_pylist() == sketches_of(TEXTS[::-1]).to_pylist()[2:]


def test_known_sketch() -> None:
    """The values are fixed: if a library hashes in another way, its version must change."""
    (known,) = sketches_of(["the ferry was late again"]).to_pylist()
    assert known["shingles"] == [730308336, 1292290103, 1931915537]
    assert known["signature"][:4] == [2922387222, 3625203937, 3419530047, 3399165787]
