"""From bytes to text."""

import pytest
from pages_for_clean import page_of

from pipeline.clean.decode import decode_body

FRENCH = "Le café « Étoile » a fermé ses portes mardi – après l’été, dit Zoé."
JAPANESE = "港の新しい桟橋は来年の春に完成する予定だと市長が述べた。反対する漁師も多い。"


@pytest.mark.parametrize(
    ("text", "encoding", "content_type", "is_repaired"),
    [
        (FRENCH, "utf-8", "text/html; charset=utf-8", False),
        (FRENCH, "cp1252", "text/html; charset=iso-8859-1", False),
        (FRENCH, "cp1252", "text/html; charset=utf-8", True),
        (FRENCH, "cp1252", "text/html", False),
        (FRENCH, "utf-8", "text/html; charset=iso-8859-1", True),
        (FRENCH, "utf-8-sig", "text/html", False),
        (FRENCH, "utf-16-le", "text/html", False),
        (FRENCH, "utf-16-be", "text/html", False),
        (JAPANESE, "shift_jis", "text/html; charset=Shift_JIS", False),
        (JAPANESE * 4, "shift_jis", "text/html; charset=utf-8", True),
        (JAPANESE * 4, "euc_jp", "text/html", False),
        (FRENCH, "utf-8", "text/html; charset=no-such-thing", False),
    ],
)
def test_text_comes_out_right(text: str, encoding: str, content_type: str, is_repaired: bool) -> None:
    """Declared, marked, misdeclared and undeclared charsets give the text; misdeclared ones are flagged."""
    decoded = decode_body(page_of(f"<p>{text}</p>".encode(encoding), content_type=content_type))
    assert (decoded.text, decoded.is_repaired) == (f"<p>{text}</p>", is_repaired)


def test_meta_element_names_the_charset() -> None:
    """Where the header is silent the meta element is believed."""
    html = '<meta charset="windows-1251"><p>Причал откроют весной</p>'
    assert decode_body(page_of(html.encode("cp1251"), content_type="text/html")).text == html


def test_lone_windows_bytes_in_utf8_are_mended() -> None:
    """A windows-1252 apostrophe pasted into a UTF-8 page is read as one."""
    body = "<p>é</p>".encode() + b"<p>the mayor\x92s vote</p>"
    assert decode_body(page_of(body)).text == "<p>é</p><p>the mayor’s vote</p>"
