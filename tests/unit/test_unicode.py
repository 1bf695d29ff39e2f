"""Valid Unicode at the doors."""

import json

from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.unicode import printable_path, to_well_formed, well_formed_json

ANY_TEXT = st.text(st.characters(codec=None, categories=None))


@given(ANY_TEXT)
def test_any_string_becomes_encodable(text):
    """A string of any code points can be encoded afterwards, and has no NUL; repairing it again changes nothing."""
    repaired = to_well_formed(text)

    repaired.encode("utf-8")
    assert "\0" not in repaired
    assert to_well_formed(repaired) == repaired


def test_valid_text_is_unchanged():
    """Valid Unicode without NUL stays as it is."""
    assert to_well_formed("Vessmouth — \U0001f600") == "Vessmouth — \U0001f600"


def test_half_an_emoji_becomes_the_replacement_character():
    """A lone surrogate and NUL become U+FFFD; a pair becomes its character."""
    assert to_well_formed("a\ud83d b\0 \ud83d\ude00") == "a\ufffd b\ufffd \U0001f600"


def test_json_is_repaired_in_keys_and_values():
    """Every string of a JSON value is repaired, and other values stay."""
    value = json.loads('{"a\\ud83d": ["\\ud83d", 1, null, {"b": "\\u0000"}]}')

    assert well_formed_json(value) == {"a\ufffd": ["\ufffd", 1, None, {"b": "\ufffd"}]}


def test_file_name_that_is_not_utf8_is_printable():
    """A byte that is not UTF-8 is printed as an escape."""
    assert printable_path("caf\udce9.html") == "caf\\xe9.html"


def test_two_names_are_never_printed_as_one():
    """A name with backslashes that looks like an escaped one is printed with doubled backslashes."""
    names = (
        "\udce9",
        "\\xe9",
        "\\\\xe9",
        "\\\udce9",
        "\\\\\udce9",
        "\\\\",
        "\\",
        "a\\b",
        "a\\\\b",
        "\\\\xe9\\",
        "\\xe9\udce9",
    )

    assert len({printable_path(name) for name in names}) == len(names)
    assert printable_path("a\\b") == "a\\b"
