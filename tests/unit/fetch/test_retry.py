"""When a failed page is retried."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.fetch.retry import pause_seconds, retry_after_seconds

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 5000, 315_360_000.0),
        ("Mon, 02 Mar 2026 09:31:00 GMT", 60.0),
        ("Mon, 02 Mar 2026 09:31:00 -0000", 60.0),
        ("Mon, 02 Mar 2026 11:31:00 +0200", 60.0),
        ("Sun, 01 Mar 2026 00:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value, seconds):
    """Seconds and dates are parsed, past dates mean now, anything else counts as missing."""
    assert retry_after_seconds(value, now=NOW) == seconds


def test_pauses_grow_with_jitter():
    """Each pause is twice the previous one, ±50 %, and they are not all equal."""
    firsts = {pause_seconds(1) for _ in range(20)}

    assert all(0.1 <= pause <= 0.3 for pause in firsts)
    assert len(firsts) > 1
    assert 0.4 <= pause_seconds(3) <= 1.2
