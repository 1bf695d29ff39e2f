"""Days as people write them, in many languages. Names of months are data."""

import re
from datetime import date

# The twelve months, a bar between spellings; only a whole word counts, its case and a closing dot do not.
_MONTHS_OF = {
    "en": "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sep|sept"
    " october|oct november|nov december|dec",
    "de": "januar|jänner|jan februar|feber|feb märz|mrz|mär april|apr mai juni|jun juli|jul august|aug"
    " september|sep|sept oktober|okt november|nov dezember|dez",
    "fr": "janvier|janv février|févr|fév|fevrier mars avril|avr mai juin juillet|juil août|aout septembre|sept"
    " octobre|oct novembre|nov décembre|déc|decembre",
    "es": "enero|ene febrero|feb marzo|mar abril|abr mayo|may junio|jun julio|jul agosto|ago septiembre|setiembre|sep"
    " octubre|oct noviembre|nov diciembre|dic",
    "pt": "janeiro|jan fevereiro|fev março|mar abril|abr maio|mai junho|jun julho|jul agosto|ago setembro|set"
    " outubro|out novembro|nov dezembro|dez",
    "it": "gennaio|gen febbraio|feb marzo|mar aprile|apr maggio|mag giugno|giu luglio|lug agosto|ago settembre|set|sett"
    " ottobre|ott novembre|nov dicembre|dic",
    "nl": "januari|jan februari|feb maart|mrt april|apr mei juni|jun juli|jul augustus|aug september|sep"
    " oktober|okt november|nov december|dec",
    "nordic": "januar|januari|jan februar|februari|feb mars|marts|mar april|apr maj|mai juni|jun juli|jul"
    " august|augusti|aug september|sep|sept oktober|okt november|nov december|desember|dec|des",
    "fi": "tammikuuta|tammikuu helmikuuta|helmikuu maaliskuuta|maaliskuu huhtikuuta|huhtikuu toukokuuta|toukokuu"
    " kesäkuuta|kesäkuu heinäkuuta|heinäkuu elokuuta|elokuu syyskuuta|syyskuu lokakuuta|lokakuu"
    " marraskuuta|marraskuu joulukuuta|joulukuu",
    "pl": "stycznia|styczeń lutego|luty marca|marzec kwietnia|kwiecień maja|maj czerwca|czerwiec lipca|lipiec"
    " sierpnia|sierpień września|wrzesień października|październik listopada|listopad grudnia|grudzień",
    "cs": "ledna|leden února|únor března|březen dubna|duben května|květen června|červen července|červenec"
    " srpna|srpen září|zari října|říjen listopadu prosince|prosinec",
    "hu": "január|jan február|febr március|márc április|ápr május|máj június|jún július|júl augusztus|aug"
    " szeptember|szept október|okt november|nov december|dec",
    "ro": "ianuarie|ian februarie|feb martie|mar aprilie|apr mai iunie|iun iulie|iul august|aug septembrie|sept"
    " octombrie|oct noiembrie|noi decembrie|dec",
    "ru": "января|янв февраля|фев|февр марта|март апреля|апр мая|май июня|июнь июля|июль августа|авг"
    " сентября|сен|сент октября|окт ноября|ноя декабря|дек",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "el": "ιανουαρίου|ιαν φεβρουαρίου|φεβ μαρτίου|μαρ απριλίου|απρ μαΐου|μαϊ ιουνίου|ιουν ιουλίου|ιουλ"
    " αυγούστου|αυγ σεπτεμβρίου|σεπ οκτωβρίου|οκτ νοεμβρίου|νοε δεκεμβρίου|δεκ",
    "tr": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "id": "januari|jan februari|feb maret|mar april|apr mei juni|jun juli|jul agustus|agu|agt september|sep"
    " oktober|okt november|nov desember|des",
}
MONTHS = {
    name: number
    for months in _MONTHS_OF.values()
    for number, names in enumerate(months.split(), start=1)
    for name in names.split("|")
}

_YEAR = r"((?:18|19|20)\d{2})"
_ISO_DAY = re.compile(rf"(?<!\d){_YEAR}-(\d{{1,2}})-(\d{{1,2}})(?!\d)")
_YEAR_FIRST = re.compile(rf"(?<!\d){_YEAR}\s?[/.]\s?(\d{{1,2}})\s?[/.]\s?(\d{{1,2}})(?!\d)")
_EAST_ASIAN = re.compile(rf"{_YEAR}\s?[年년]\s?(\d{{1,2}})\s?[月월]\s?(\d{{1,2}})\s?[日일]")
_DAY_NUMBERED = re.compile(rf"(?<![\d.,/])(\d{{1,2}})(\s?\.\s?|/|-)(\d{{1,2}})\2{_YEAR}(?!\d)")
_DAY_NAMED = re.compile(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.)?\s+(?:de\s+|of\s+)?([^\W\d_]{{3,12}})\.?,?\s+(?:de[l]?\s+)?{_YEAR}(?!\d)")  # fmt: skip  # noqa: E501
_MONTH_NAMED = re.compile(rf"([^\W\d_]{{3,12}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)")


def written_day(text: str, *, is_month_first: bool = False) -> date | None:
    """Return the first day that a text writes out, None where it writes none that exists.

    ``is_month_first``: 3/4/2026 is the fourth of March, as in the United States; a number over 12 is a day anyway.
    """
    found = (
        (match.start(), day)
        for read in (_numbered, _named)
        for match, day in read(text, is_month_first=is_month_first)
        if day is not None
    )
    return min(found, default=(0, None), key=lambda each: each[0])[1]


def _numbered(text: str, *, is_month_first: bool) -> list[tuple[re.Match[str], date | None]]:
    found = [
        (match, _day(match[1], match[2], match[3]))
        for pattern in (_ISO_DAY, _YEAR_FIRST, _EAST_ASIAN)
        if (match := pattern.search(text))
    ]
    if match := _DAY_NUMBERED.search(text):
        day, month = match[1], match[3]
        is_swapped = match[2] in "/-" and (int(month) > 12 or (is_month_first and int(day) <= 12))
        found.append((match, _day(match[4], day, month) if is_swapped else _day(match[4], month, day)))
    return found


def _named(text: str, *, is_month_first: bool) -> list[tuple[re.Match[str], date | None]]:
    first = [(match, _day(match[3], _month(match[2]), match[1])) for match in _DAY_NAMED.finditer(text)]
    return first + [(match, _day(match[3], _month(match[1]), match[2])) for match in _MONTH_NAMED.finditer(text)]


def _month(name: str) -> int:
    return MONTHS.get(name.casefold(), 0)


def _day(year: str, month: str | int, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:  # 31 February, a word that is no month
        return None
