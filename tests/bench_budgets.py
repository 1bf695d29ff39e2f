"""Time and memory of the longest articles that are annotated: `python -m tests.bench_budgets [KIND ...]`.

Each text has as many tokens as the limit admits, and is annotated in its own process, model included. Its time is given
as a multiple of that of ordinary prose with as many tokens.
"""

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.nlp import Annotator, load_model
from newslake.pipeline.nlp.annotator import MAX_TOKENS
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables import ANNOTATION_TABLES, annotation_rows, check_rows, rows_table
from tests.hard_texts import KINDS, hard_text, prose

MEMORY_MB, TIMES = 900, 3.0  # the goals
PROSE = "ordinary prose"


def main(names: list[str], *, tokens: int = MAX_TOKENS) -> None:
    """Print the figures of each kind of text, and whether it meets both goals."""
    ordinary = _measured(PROSE, tokens)
    for name in names or [PROSE, *KINDS]:
        found = ordinary if name == PROSE else _measured(name, tokens)
        multiple = found["seconds"] / found["tokens"] / (ordinary["seconds"] / ordinary["tokens"])
        is_met = multiple <= TIMES and found["peak_mb"] <= MEMORY_MB
        sys.stdout.write(
            f"{'met ' if is_met else 'MISS'} {name}: {found['tokens']:,} tokens, {found['rows']:,} rows, "
            f"{found['seconds']:.0f} s, {multiple:.2f} times ordinary prose (goal <= {TIMES:g}), "
            f"of it {found['rules']:.0f} s in our rules; {found['peak_mb']:.0f} MB (goal <= {MEMORY_MB})\n"
        )
        sys.stdout.flush()


def _measured(name: str, tokens: int) -> dict[str, float]:
    command = [sys.executable, "-c", f"from tests.bench_budgets import measure; measure({name!r}, {tokens})"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(name: str, tokens: int) -> None:
    """Annotate one text in this process, as a run does; print its figures as JSON."""
    nlp = load_model(Settings.model_fields["spacy_model"].default)
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    make = prose if name == PROSE else KINDS[name]
    text = hard_text(make, tokens=tokens * 98 // 100, tokenize=nlp.make_doc, seed=5)
    article = article_from_text(text, title=None, published_at=None, language="en")
    article = replace(article, language="en")  # whatever its letters look like
    begun = time.process_time()
    ((kept, doc),) = annotator.docs([article])
    assert doc is not None, kept.flags
    parsed = time.process_time()
    annotation = annotator.annotate(kept, doc)
    rules = time.process_time() - parsed
    rows = annotation_rows(kept, annotation, model_name="m", pipeline_version="v")
    assert tuple(check_rows(rows)) == ()
    tables = [rows_table(spec, rows[spec.name]) for spec in ANNOTATION_TABLES]
    figures = {
        "tokens": len(doc),
        "rows": sum(table.num_rows for table in tables),
        "rules": rules,
        "seconds": time.process_time() - begun,
        "peak_mb": int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024,
    }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
