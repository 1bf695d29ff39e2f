"""The files of an inbox: which are broken, and where they go."""

from newslake.pipeline.jobs.inbox_progress import broken_files
from newslake.pipeline.jobs.outcomes import OutcomeRecorder
from tests.unit.jobs.test_derive import DAY, MORNING


def test_broken_line_makes_only_its_own_file_broken() -> None:
    """A broken line or record is a reason of its file; a "#" inside the name of a broken file is part of the name."""
    files = ("a.jsonl", "b.URLS", "c.warc", "d.warc.gz", "e.arc.gz")
    places = [f"{file}#12" for file in files]
    names = ["page.html#1.html", "b#.html", "a.html#2", "#2", "https://post.example/a.html#2"]
    recorder = OutcomeRecorder(run_id="r", stage="fetch", now=MORNING)
    for url in (*places, *names):
        recorder.record("quarantined", url=url, source_key="post", news_day=DAY, reason="broken_line", detail="no")

    assert set(broken_files(recorder.outcomes)) == {*files, *places, *names}
