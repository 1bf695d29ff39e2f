"""The sheet of an audit shows each row in its text, with its questions, and loses a row to a takedown."""

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest

from newslake.pipeline.addons.audit.draw import DrawnRow
from newslake.pipeline.addons.audit.questions import AUDITED_TABLES, questions_for
from newslake.pipeline.addons.audit.report import audit_item
from newslake.pipeline.addons.audit.sheet import erase_page_rows, sheet_columns
from newslake.pipeline.addons.audit.sheet_page import SHEET_TEMPLATES, audit_sheet, build_sheet_row
from newslake.pipeline.clusters.text import sentence_spans
from tests.addons.audit.audit_rows import golden_sheet
from tests.unit.show.golden_rows import TWIN, golden_rows


def _row(table, at):
    """Return the sheet row of one row of the twin article."""
    rows = golden_rows(TWIN)
    [article] = rows["articles"]
    name = article["article_id"] if table == "articles" else f"{article['article_id']}:{table}:{at}"
    return build_sheet_row(
        table, audit_item(DrawnRow(name, "", "1 2 3", {}), row=rows[table][at], article=article, original=None)
    )


def _event(trigger):
    """Return the position of the first event with this trigger."""
    return next(at for at, row in enumerate(golden_rows(TWIN)["events"]) if row["trigger_text"] == trigger)


def _marked(row):
    """Return the marked words of a row by kind and look, without those of the sentence."""
    found, open_marks = {}, []
    for block in row.blocks:
        for segment in block.segments:
            open_marks = [mark for mark in open_marks if mark not in segment.ends] + list(segment.begins)
            for mark in open_marks:
                key = f"{mark.kind} {mark.look}".strip()
                found[key] = found.get(key, "") + segment.text
    found.pop("sentence", None)
    return found


def test_only_the_row_is_marked():
    """A row has the marks of its own annotation: quote, speaker and cue; mention; trigger and its arguments."""
    assert _marked(_row("quotes", 1)) == {
        "said direct": "“We have been counted, weighed and photographed, and now it seems that we are to be taxed for "
        "flowers.“I keep forty hives and I know every queen in them. I do not know a single inspector.“Let the "
        "secretary come to Thornmere on a wet morning without a veil, and let him count them himself.”",
        "speaker": "Professor Cask",
        "cue": "wrote",
    }
    assert _marked(_row("entities", 1)) == {"entity person": golden_rows(TWIN)["entities"][1]["entity_text"]}
    assert _marked(_row("events", _event("marched"))) == {
        "event happened": "marched",
        "argument actor": "Hundreds of beekeepers",
        "argument recipient": "a levy of £12",
        "argument date": "Wednesday",
    }
    assert _marked(_row("articles", 0)) == {}


def test_sentence_and_paragraph_are_those_of_the_row():
    """The sentence is the one of the row; a quote of three paragraphs has three, and one on either side."""
    event, quote = _row("events", _event("marched")), _row("quotes", 1)

    assert "marched" in event.context.sentence
    assert event.context.sentence in event.context.paragraph
    assert list(sentence_spans(event.context.sentence)) == [(0, len(event.context.sentence))]
    assert [is_own for _, is_own in quote.excerpt] == [False, True, True, True, False]
    assert quote.context.paragraph.count("\n\n") == 2


def test_whole_article_is_the_paragraph_of_an_article():
    """A row of articles has no sentence; its paragraph is the text."""
    row = _row("articles", 0)

    assert (row.context.sentence, row.context.paragraph) == ("", golden_rows(TWIN)["articles"][0]["text"].strip())


@pytest.mark.parametrize("table", AUDITED_TABLES)
def test_each_question_is_once_on_the_page(table):
    """The page has each question with its answers and keys, and a closed vocabulary as suggestions."""
    draw, rows = golden_sheet(table, count=3)
    html = audit_sheet(draw, rows)

    for question in questions_for(table):
        assert html.count(f'<fieldset id="question-{question.name}"') == 1
    assert html.count('type="radio"') == sum(len(each.answers) for each in questions_for(table))
    assert ('<option value="F">female</option>' in html) == (table in ("quotes", "entities"))
    assert html.count("<section ") == 3


def test_data_of_the_script_is_that_of_the_sheet():
    """The cells of a row before its answers, and the columns, are those of the sheet as CSV."""
    draw, rows = golden_sheet("entities", count=2)
    *_, sheet = [
        json.loads(each)
        for each in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', audit_sheet(draw, rows))
    ]
    first = json.loads(re.search(r'<script type="application/json">(.*?)</script>', audit_sheet(draw, rows))[1])

    assert tuple(sheet["columns"]) == sheet_columns("entities")
    assert sheet["columns"][: len(first["cells"])][-1] == "gender: gender"
    assert first["cells"][:3] == [draw.draw_id, draw.rows[0].name, "=a stratum"]


def test_policy_names_the_stylesheet_and_the_script():
    """The hashes in the policy are those of the one style element and the one script element; nothing else may load."""
    html = audit_sheet(*golden_sheet("events", count=1))
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (SHEET_TEMPLATES.stylesheet(), SHEET_TEMPLATES.source("audit_sheet.js"))
    ]

    assert re.findall("<script>(.*?)</script>", html, re.DOTALL) == [SHEET_TEMPLATES.source("audit_sheet.js")]
    assert re.search('Content-Security-Policy" content="(.*?)"', html)[1].replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; base-uri 'none'; "
        "form-action 'none'"
    )


def test_data_cannot_end_its_element():
    """No data of a row ends a script element, begins a comment, or breaks a line."""
    draw, rows = golden_sheet("events", count=1)
    hostile = "</script><!--<script>\u2028\n<!-- row"
    drawn = replace(draw.rows[0], values=dict.fromkeys(draw.rows[0].values, hostile))
    rows = [
        replace(rows[0], drawn=drawn, original_html=f"<p>{hostile}", context=replace(rows[0].context, article=hostile))
    ]
    html = audit_sheet(replace(draw, rows=(drawn,)), rows)

    assert [html.count(each) for each in ("<script", "</script>", "<!--", "\u2028")] == [3, 3, 2, 0]


def test_archived_page_is_without_what_its_frame_does_not_show():
    """Scripts, styles, drawings and comments of the archived page are left out; what has no end is kept."""
    page = "<p>a<script>1</script>b<STYLE>i{}</style >c<!-- d --><svg><path/></svg>e<!-- f<script>g"
    html = audit_sheet(*golden_sheet("articles", count=1, page=page))

    assert json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])["page"] == (
        "<p>abce<!-- f<script>g"
    )


def test_takedown_erases_all_rows_of_an_article():
    """An erased row leaves nothing of its article in the page; the other rows are unchanged."""
    draw, rows = golden_sheet("quotes", count=5)
    html, gone = audit_sheet(draw, rows), frozenset({draw.rows[0].article_id})
    left = draw.without(gone)
    kept = [row for row in rows if row.drawn.name in {each.name for each in left.rows}]

    assert 0 < len(kept) < len(rows)
    assert erase_page_rows(html, gone) == audit_sheet(left, kept)
    assert erase_page_rows(html, ["0" * 32]) == html
