"""From bytes to text."""

from collections.abc import Iterator

import pytest
from pages_for_clean import page_of

from newslake.pipeline.clean.decoding import decode_body
from newslake.pipeline.model import Page

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
        (FRENCH, "cp1252", "text/html; charset=unicode_escape", False),
        ("Plain", "ascii", "text/html; charset=idna", False),
    ],
)
def test_text_comes_out_right(text: str, encoding: str, content_type: str, is_repaired: bool) -> None:
    """Declared, marked, wrongly declared and undeclared charsets give the text; wrong declarations are flagged."""
    decoded = decode_body(page_of(f"<p>{text}</p>".encode(encoding), content_type=content_type))
    assert (decoded.text, decoded.is_repaired) == (f"<p>{text}</p>", is_repaired)


def test_meta_element_names_the_charset() -> None:
    """Without a charset in the header the meta element is used."""
    html = '<meta charset="windows-1251"><p>Причал откроют весной</p>'
    assert decode_body(page_of(html.encode("cp1251"), content_type="text/html")).text == html


def test_lone_windows_bytes_in_utf8_are_repaired() -> None:
    """A windows-1252 apostrophe pasted into a UTF-8 page is read as one."""
    body = "<p>é</p>".encode() + b"<p>the mayor\x92s vote</p>"
    assert decode_body(page_of(body)).text == "<p>é</p><p>the mayor’s vote</p>"


# Invented sentences, and the charsets that pages in their language once used.
SENTENCES = {
    "en": ("The mayor’s café in Port Arlen – “open until nine” – will close on 3 May, said Zoë Brandt; it cost £40."),
    "fr": (
        "Le café « Étoile » a fermé ses portes mardi – après l’été, dit Zoé. Où sont passés"
        " les pêcheurs du vieux port ?"
    ),
    "de": (
        "Die Bürgermeisterin von Söllerup sagte, die Brücke über die Förde werde größer."
        " „Schön wär’s“, rief ein Fischer."
    ),
    "es": (
        "El alcalde de Piedrahonda dijo el miércoles que el puente se abrirá mañana. ¿Quién"
        " lo pagará?, preguntó Íñigo Peña."
    ),
    "pl": (
        "Burmistrz Żabiego Portu powiedział, że nowy most zostanie otwarty w środę. Rybacy"
        " sądzą, że to za późno, źle i drogo."
    ),
    "cs": (
        "Starosta městečka Říčky řekl, že nový most přes řeku bude otevřen ve středu. Rybáři"
        " si myslí, že je to příliš pozdě."
    ),
    "hu": (
        "A kikötő polgármestere szerint az új hidat szerdán nyitják meg. A halászok úgy"
        " vélik, hogy ez túl késő és túl drága őket."
    ),
    "ru": (
        "Мэр портового города сообщил во вторник, что новый причал откроют весной. Рыбаки"
        " считают, что это слишком поздно."
    ),
    "uk": (
        "Мер портового міста повідомив у вівторок, що новий причал відкриють навесні. Рибалки"
        " вважають, що це надто пізно."
    ),
    "el": (
        "Ο δήμαρχος της πόλης είπε την Τρίτη ότι η νέα προβλήτα θα ανοίξει την άνοιξη. Οι"
        " ψαράδες πιστεύουν ότι είναι αργά."
    ),
    "tr": (
        "Liman kentinin belediye başkanı yeni köprünün çarşamba günü açılacağını söyledi."
        " Balıkçılar bunun geç olduğunu düşünüyor."
    ),
    "he": ("ראש העיר אמר ביום שלישי כי המזח החדש ייפתח באביב. הדייגים חושבים שזה מאוחר מדי ויקר מדי עבורם."),
    "ar": ("قال رئيس البلدية يوم الثلاثاء إن الرصيف الجديد سيفتح في الربيع. ويرى الصيادون أن ذلك متأخر جدا ومكلف."),
    "ja": "港の新しい桟橋は来年の春に完成する予定だと市長が述べた。反対する漁師も多い。費用は四十億円に上るという。",
    "zh": "市长星期二表示，新码头将于明年春天开放。许多渔民认为这太晚了，而且费用太高，他们没有被征求意见。",
    "tw": "市長星期二表示，新碼頭將於明年春天開放。許多漁民認為這太晚了，而且費用太高，他們沒有被徵求意見。",
    "ko": (
        "시장은 화요일에 새 부두가 내년 봄에 문을 열 것이라고 말했다. 많은 어"
        "부들은 너무 늦고 비용이 많이 든다고 생각한다."
    ),
}
CHARSETS = {
    "en": (
        "cp1252",
        "iso-8859-15",
    ),
    "fr": (
        "cp1252",
        "iso-8859-15",
    ),
    "de": ("cp1252",),
    "es": (
        "cp1252",
        "latin-1",
    ),
    "pl": (
        "iso-8859-2",
        "cp1250",
    ),
    "cs": (
        "iso-8859-2",
        "cp1250",
    ),
    "hu": (
        "iso-8859-2",
        "cp1250",
    ),
    "ru": (
        "cp1251",
        "koi8-r",
        "iso-8859-5",
    ),
    "uk": (
        "cp1251",
        "koi8-u",
    ),
    "el": (
        "cp1253",
        "iso-8859-7",
    ),
    "tr": ("cp1254",),
    "he": ("cp1255",),
    "ar": ("cp1256",),
    "ja": (
        "shift_jis",
        "euc_jp",
        "iso-2022-jp",
    ),
    "zh": (
        "gbk",
        "gb18030",
    ),
    "tw": ("big5",),
    "ko": ("euc_kr",),
}
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
UNDEFINED = b"\x81\x8d\x8f\x90\x9d"  # in windows-1252; browsers read them as control characters
DECLARATIONS = ("right", "none", "utf-8", "iso-8859-1", "meta right", "meta utf-8")


def _matrix() -> Iterator[tuple[str, Page, str]]:
    """Yield each sentence in each charset with each declaration, as (description, page, text of the page)."""
    for language, sentence in SENTENCES.items():
        for charset in (*CHARSETS[language], *UNICODE):
            for declared in DECLARATIONS:
                place, _, name = declared.rpartition(" ")
                stated = charset if name == "right" else name
                head = f"<meta charset={stated}>" if place else ""
                content_type = "text/html" if place or stated == "none" else f"text/html; charset={stated}"
                paragraphs = f"<p>{sentence}</p>" * 3
                body = f"<html><head>{head}</head><body>{paragraphs}</body></html>"
                encoded = body.encode(charset, "xmlcharrefreplace")
                text = encoded.decode(charset).removeprefix("\ufeff")
                yield f"{language} {charset} {declared}", page_of(encoded, content_type=content_type), text


def test_matrix_of_languages_charsets_and_declarations() -> None:
    """In over 99 % of all pairs of charset and declaration, true or false, the text is right; no text has U+FFFD."""
    decoded = {name: (decode_body(page).text, text) for name, page, text in _matrix()}
    wrong = [name for name, (got, text) in decoded.items() if got != text]
    assert len(decoded) > 600
    assert not any("\ufffd" in got for got, _ in decoded.values())
    assert len(wrong) < 0.01 * len(decoded), wrong


@pytest.mark.parametrize("language", SENTENCES)
def test_double_utf8_is_repaired(language: str) -> None:
    """A page with UTF-8 that was read as windows-1252 and encoded as UTF-8 again gives its text, flagged."""
    html = f"<p>{SENTENCES[language]}</p>"
    taken_for = "".join(bytes([byte]).decode("latin-1" if byte in UNDEFINED else "cp1252") for byte in html.encode())
    decoded = decode_body(page_of(taken_for.encode()))
    assert (decoded.text, decoded.is_repaired) == (html, not html.isascii())


def test_misdeclared_pages_are_flagged() -> None:
    """A page that declares UTF-8 or Latin-1 and uses another charset is flagged; a correct declaration is not."""
    for name, page, _ in _matrix():
        _, charset, declared = name.split(" ", 2)
        if charset in ("cp1251", "shift_jis", "gbk", "koi8-r", "iso-8859-2", "cp1250"):
            assert decode_body(page).is_repaired == (declared not in ("right", "meta right", "none")), name


LEGACY = [
    ("ko", "똠방각하 ", "cp949", ("euc-kr", "ks_c_5601-1987", "windows-949", "utf-8", "")),
    ("ja", "①㈱髙島屋 ", "cp932", ("shift_jis", "x-sjis", "windows-31j", "utf-8", "")),
    ("zh", "镕堃 ", "gb18030", ("gb2312", "gbk", "x-gbk", "utf-8", "")),
    ("ru", "Причал ", "cp1251", ("windows-1251", "cp1251", "iso-8859-1", "utf-8", "")),
]


@pytest.mark.parametrize(
    ("language", "more", "charset", "label"),
    [(language, more, charset, label) for language, more, charset, labels in LEGACY for label in labels],
)
def test_labels_mean_what_browsers_read(language: str, more: str, charset: str, label: str) -> None:
    """A page that names EUC-KR may have the letters of CP949, and so on; without a label or with a wrong one, too."""
    html = "".join(f"<p>{more}{SENTENCES[language]}</p>" for _ in range(3))
    content_type = f"text/html; charset={label}" if label else "text/html"
    assert decode_body(page_of(html.encode(charset), content_type=content_type)).text == html


@pytest.mark.parametrize(("language", "charset"), [("ko", "cp949"), ("ja", "cp932"), ("zh", "gb18030")])
@pytest.mark.parametrize("is_labelled", [True, False])
def test_half_a_letter_costs_one_paragraph(language: str, charset: str, is_labelled: bool) -> None:
    """One byte that a template cut off leaves the other paragraphs readable, with the label or without it."""
    paragraph = f"<p>{SENTENCES[language]}</p>"
    cut = paragraph.encode(charset).removesuffix(b"</p>").removesuffix("。".encode(charset)).removesuffix(b".")[:-1]
    body = paragraph.encode(charset) * 4 + cut + b"</p>" + paragraph.encode(charset) * 4
    decoded = decode_body(page_of(body, content_type=f"text/html; charset={charset}" if is_labelled else "text/html"))
    assert decoded.text.count(paragraph) >= 7
    assert decoded.is_repaired == is_labelled
