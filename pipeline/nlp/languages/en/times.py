"""English time words and the patterns that use them."""

from collections.abc import Iterable

from newslake.pipeline.nlp.languages.spec_events import HolidayRule, TimeData, words

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon",
            "tuesday tues tue",
            "wednesday wed",
            "thursday thurs thur thu",
            "friday fri",
            "saturday",
            "sunday",
        )
    )
    for name in names.split()
}
_UNITS = {
    "second": "TS",
    "minute": "TM",
    "hour": "TH",
    "day": "D",
    "week": "W",
    "weekend": "WE",
    "fortnight": "F",
    "month": "M",
    "quarter": "Q",
    "year": "Y",
    "decade": "DE",
    "century": "CE",
    "centurie": "CE",
}
_UP_TO_TWENTY = """
one two three four five six seven eight nine ten
eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty
"""
_NUMBERS: dict[str, int | None] = {
    **{
        word: number
        for number, word in enumerate(
            _UP_TO_TWENTY.split(),
            start=1,
        )
    },
    "a": 1,
    "an": 1,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "hundred": 100,
    "a couple of": 2,
    "a few": None,
    "several": None,
    "many": None,
    "some": None,
    "few": None,
}
_REFERENCES = {
    **dict.fromkeys(
        ("now", "currently", "at the moment", "nowadays", "at present", "these days", "right now"), "PRESENT_REF"
    ),
    **dict.fromkeys(("recently", "more recently", "in the past", "the past", "lately"), "PAST_REF"),
    **dict.fromkeys(("soon", "very soon", "in the future", "the future", "in the near future"), "FUTURE_REF"),
}
_REPETITIONS = {
    "daily": "P1D",
    "weekly": "P1W",
    "monthly": "P1M",
    "annual": "P1Y",
    "annually": "P1Y",
    "yearly": "P1Y",
    "quarterly": "P1Q",
}
# Named days. American names follow the calendar of the United States, which most English pages mean by them. None: the
# day depends on the country, the church or the moon.
_HOLIDAYS: dict[str, HolidayRule | None] = {
    **dict.fromkeys(("christmas", "christmas day", "xmas"), HolidayRule(month=12, day=25)),
    "christmas eve": HolidayRule(month=12, day=24),
    **dict.fromkeys(("boxing day", "st stephen's day", "st. stephen's day"), HolidayRule(month=12, day=26)),
    "new year's eve": HolidayRule(month=12, day=31),
    "new year's day": HolidayRule(month=1, day=1),
    "burns night": HolidayRule(month=1, day=25),
    "holocaust memorial day": HolidayRule(month=1, day=27),
    **dict.fromkeys(("valentine's day", "st valentine's day", "st. valentine's day"), HolidayRule(month=2, day=14)),
    **dict.fromkeys(("st david's day", "st. david's day"), HolidayRule(month=3, day=1)),
    "international women's day": HolidayRule(month=3, day=8),
    **dict.fromkeys(("st patrick's day", "st. patrick's day"), HolidayRule(month=3, day=17)),
    "april fools' day": HolidayRule(month=4, day=1),
    **dict.fromkeys(("st george's day", "st. george's day"), HolidayRule(month=4, day=23)),
    "anzac day": HolidayRule(month=4, day=25),
    "juneteenth": HolidayRule(month=6, day=19),
    **dict.fromkeys(("the fourth of july", "fourth of july", "july fourth"), HolidayRule(month=7, day=4)),
    "bastille day": HolidayRule(month=7, day=14),
    **dict.fromkeys(("halloween", "hallowe'en"), HolidayRule(month=10, day=31)),
    "all saints' day": HolidayRule(month=11, day=1),
    "bonfire night": HolidayRule(month=11, day=5),
    **dict.fromkeys(("veterans day", "armistice day"), HolidayRule(month=11, day=11)),
    **dict.fromkeys(("st andrew's day", "st. andrew's day"), HolidayRule(month=11, day=30)),
    **dict.fromkeys(
        ("martin luther king day", "martin luther king jr. day", "mlk day"), HolidayRule(month=1, weekday=0, nth=3)
    ),
    **dict.fromkeys(("presidents' day", "presidents day", "president's day"), HolidayRule(month=2, weekday=0, nth=3)),
    "memorial day": HolidayRule(month=5, weekday=0, nth=-1),
    "labor day": HolidayRule(month=9, weekday=0, nth=1),
    **dict.fromkeys(("columbus day", "indigenous peoples' day"), HolidayRule(month=10, weekday=0, nth=2)),
    "remembrance sunday": HolidayRule(month=11, weekday=6, nth=2),
    **dict.fromkeys(("thanksgiving", "thanksgiving day"), HolidayRule(month=11, weekday=3, nth=4)),
    "black friday": HolidayRule(month=11, weekday=3, nth=4, shift=1),
    "cyber monday": HolidayRule(month=11, weekday=3, nth=4, shift=4),
    "giving tuesday": HolidayRule(month=11, weekday=3, nth=4, shift=5),
    **dict.fromkeys(("mardi gras", "shrove tuesday"), HolidayRule(shift=-47)),
    "ash wednesday": HolidayRule(shift=-46),
    "palm sunday": HolidayRule(shift=-7),
    "maundy thursday": HolidayRule(shift=-3),
    "good friday": HolidayRule(shift=-2),
    **dict.fromkeys(("holy saturday", "easter saturday"), HolidayRule(shift=-1)),
    **dict.fromkeys(("easter", "easter sunday", "easter day"), HolidayRule()),
    "easter monday": HolidayRule(shift=1),
    "ascension day": HolidayRule(shift=39),
    **dict.fromkeys(("pentecost", "whit sunday"), HolidayRule(shift=49)),
    "whit monday": HolidayRule(shift=50),
    **dict.fromkeys(
        (
            "independence day",
            "labour day",
            "mother's day",
            "father's day",
            "election day",
            "ramadan",
            "eid",
            "eid al-fitr",
            "eid al-adha",
            "diwali",
            "hanukkah",
            "passover",
            "yom kippur",
            "rosh hashanah",
            "lunar new year",
            "nowruz",
        )
    ),
}
_FROM_TEN = """
tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth
"""
_UNDER_TEN = "first second third fourth fifth sixth seventh eighth ninth"
_DAY_WORDS = {
    word: number
    for number, word in enumerate(
        [
            *_UNDER_TEN.split(),
            *_FROM_TEN.split(),
            "twentieth",
            *(f"twenty-{unit}" for unit in _UNDER_TEN.split()),
            "thirtieth",
            "thirty-first",
        ],
        start=1,
    )
}
_PART = r"(?:(?P<part>early|mid|late|earlier|later|the (?:very )?(?:beginning|start|end|middle) of)[- ])?"
_WHICH = r"(?:the )?(?P<which>last|this|next|previous|past|coming|current)"
_SPAN = r"(?:the )?(?P<which>last|past|next|coming|previous|first|following)"
_ZONE = r"(?: ?(?:(?P<zone>gmt|utc)|bst|e[sd]?t|p[sd]?t|local time|hours))?"
_YEARLY = r"(?:of )?(?P<yearly>last|this|next) year"
_YEAR = r"(?:(?P<year>{year})|" + _YEARLY + ")"
_DAYS = r"(?:from |between )?(?P<day>{day}) ?(?:-|–|to|and) ?(?P<last>{day})"
_WEEKDAY = r"(?:(?P<weekday>{weekday}),? )?"
_PERIOD = r"(?:fiscal |financial |calendar )?(?P<unit>week|weekend|month|year|quarter|decade|century)"
_FULL_WEEKDAY = "(?P<weekday>" + "|".join(name for name in _WEEKDAYS if name.endswith("day")) + ")"
_LONG_UNIT = r"(?P<unit>minute|hour|day|week|month|year|decade|centurie)(?P<many>s)"
_THAT = r"(?:(?:early|late|later|earlier) )?(?:that(?: (?:very )?same)?|the (?:very )?same) "

# Each with the kind of anchor without which it cannot match, and letters of which one is in every match.
_PATTERNS = (
    ("day", "number", r"(?P<year>{year})-(?P<month_number>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"),
    ("day", "month", _WEEKDAY + r"(?:the )?(?P<day>{day})(?: of)? (?P<month>{month})(?:\.?,? " + _YEAR + ")?"),
    ("day", "month", _WEEKDAY + r"(?P<month>{month})\.? (?:the )?(?P<day>{day})(?: ?,? " + _YEAR + r")?(?!:?\d)"),
    ("day", "month of", _WEEKDAY + r"(?:the )?(?P<day>{day_word}) of (?P<month>{month})(?:,? " + _YEAR + ")?"),
    ("day", "unit month", r"the (?P<day>{day}|{day_word}) of (?P<monthly>last|this|next) month"),
    ("numeric", "number", r"(?P<one>\d\d?)[/.](?P<other>\d\d?)[/.](?P<year>{year})"),
    ("days", "month", _DAYS + r" (?P<month>{month})(?:,? (?P<year>{year}))?"),
    ("days", "month", r"(?P<month>{month}) " + _DAYS + r"(?:,? (?P<year>{year}))?"),
    ("month", "month", _PART + r"(?:(?P<which>last|this|next) )?(?P<month>{month})(?:\.?,? (?:of )?" + _YEAR + ")?"),
    (
        "part",
        "month week days",
        r"(?:the )?(?P<which>first|last|final) (?:week|days) of (?P<month>{month})(?:,? " + _YEAR + ")?",
    ),
    ("year", "number", _PART + r"(?P<year>{year})"),
    ("decade", "number", r"(?:the )?(?:(?:early|mid|late)[- ])?(?P<decade>(?:1[5-9]|20)\d)0['’]?s"),
    ("decade", "number", r"the (?:(?:early|mid|late)[- ])?['‘’](?P<tens>[2-9])0s"),
    (
        "century",
        "unit century",
        r"(?:the )?(?:(?:early|mid|late)[- ])?(?P<nth>\d\d?(?:st|nd|rd|th)|{day_word})[- ]century(?: (?P<era>bce?))?",
    ),
    (
        "weekday",
        "weekday",
        r"(?:(?P<which>last|next|this(?: coming| past)?) )?(?P<weekday>{weekday})(?: (?P<daypart>{daypart}))?",
    ),
    (
        "weekday",
        "weekday week",
        r"(?P<weekday>{weekday})(?: (?P<daypart>{daypart}))?(?:,| of)? (?P<weekly>last|this|next) week",
    ),
    (
        "weekday",
        "weekday week",
        r"(?P<weekly>last|this|next) week,? on (?P<weekday>{weekday})(?: (?P<daypart>{daypart}))?",
    ),
    ("dated_weekday", "weekday", r"(?P<weekday>{weekday}),? the (?P<day>\d\d?(?:st|nd|rd|th))"),
    (
        "shifted",
        "weekday week fortnight",
        r"(?P<number>{number}) (?P<unit>week|fortnight)s? (?:on|from) (?P<weekday>{weekday})",
    ),
    ("shifted", "weekday week fortnight", r"(?P<weekday>{weekday}) (?P<unit>week|fortnight)"),
    (
        "shifted",
        "deictic week fortnight",
        r"(?P<number>{number}) (?P<unit>week|fortnight)s? (?P<deictic>today|tomorrow)",
    ),
    (
        "shifted",
        "deictic ago from",
        r"(?P<number>{number}) (?P<unit>{unit})s? (?P<direction>ago|from) (?P<deictic>today|tomorrow)",
    ),
    ("deictic", "deictic", r"(?:the (?=day))?(?P<deictic>{deictic})(?: (?P<daypart>{daypart}))?"),
    ("deictic", "deictic earlier later", r"(?:(?:earlier|later) )(?P<deictic>today)"),
    ("daypart", "daypart", r"(?P<which>this|last) (?P<daypart>{daypart})"),
    ("stretch", "unit decade", r"the (?P<which>past|last|next) (?P<unit>decade)"),
    ("period", "unit last this next previous past coming current", _PART + _WHICH + " " + _PERIOD),
    (
        "period",
        "unit beginning start end middle",
        r"(?P<part>the (?:very )?(?:beginning|start|end|middle) of) the " + _PERIOD,
    ),
    (
        "period",
        "unit same",
        r"the same (?:period|time|week|month|quarter) (?:of |in )?(?:the )?(?P<which>last|previous) (?P<unit>year)",
    ),
    ("that", "unit that same", _THAT + r"(?P<unit>day|week|weekend|month|year)(?! (?:an?|as|in|last|of|the|this)\b)"),
    ("that", "unit entire whole full", r"the (?:entire|whole|full) (?P<unit>day|week|month|year)"),
    (
        "that",
        "unit for during",
        r"(?:(?<=\bfor )|(?<=\bduring ))the (?P<unit>month|quarter|year)",
    ),
    ("that", "unit later earlier", r"(?:(?<=\blater in )|(?<=\bearlier in ))the (?P<unit>day|week|month|year)"),
    ("that", "daypart that same", _THAT + r"(?P<daypart>{daypart})"),
    ("that", "unit following", r"the (?P<step>following) (?P<unit>day|week|weekend|month|year)"),
    ("that", "unit next previous", r"the (?P<step>next|previous) (?P<unit>day)"),
    ("that", "daypart following next previous", r"the (?P<step>following|next|previous) (?P<daypart>{daypart})"),
    (
        "offset",
        "unit ago earlier later from",
        r"(?<!half )(?P<number>{number}) (?P<unit>{unit})s? (?P<direction>ago|earlier|later|from now)",
    ),
    (
        "stretch",
        "unit last past next coming previous first following",
        _SPAN + r" (?P<number>{number}) (?P<unit>{unit})s?",
    ),
    ("stretch", "unit last past next coming", r"the (?P<which>last|past|next|coming) " + _LONG_UNIT),
    ("stretch", "unit century", r"the (?P<which>past|next) (?P<unit>century)"),
    (
        "stretch",
        "unit decade centur",
        r"(?P<number>(?:a|one|two|three|several)[- ])?(?P<unit>decade|centur(?:y|ie))(?P<many>s?)",
    ),
    (
        "duration",
        "unit",
        r"(?!a quarter)(?P<number>{number})[- ](?P<unit>{unit})(?:s|(?:-long))?(?![- ]olds?\b)(?!(?<=quarter) of\b)",
    ),
    (
        "duration",
        "unit minutes hours days weeks months years decades centuries",
        r"(?:(?<=\bin )|(?<=\bfor )|(?<=\bwithin )|(?<=\bafter )|(?<=\bover ))" + _LONG_UNIT,
    ),
    ("duration", "unit recent", r"recent " + _LONG_UNIT),
    ("duration", "unit half", r"(?:an? )?half(?: an?)?[- ](?P<half>hour|day|year|century)"),
    ("duration", "unit quarter", r"(?:an? )?quarter(?: of an?)?[- ](?P<quartered>hour|century)"),
    ("set", "unit every each", r"(?:every|each) (?:(?P<number>{number}) |(?P<other>other|second) )?(?P<unit>{unit})s?"),
    ("set", "unit once twice times", r"(?:once|twice|(?:{number}) times) (?:an?|each|every|per) (?P<unit>{unit})"),
    ("set", "weekday every each", r"(?:every|each) (?P<weekday>{weekday})(?: (?P<daypart>{daypart}))?"),
    ("set", "weekday days", _FULL_WEEKDAY + "s"),
    ("set", "daypart every each", r"(?:every|each) (?P<daypart>{daypart})"),
    ("set", "season every each", r"(?:every|each) (?P<season>{season})"),
    ("set", "month every each", r"(?:every|each) (?P<month>{month})"),
    ("set", "repetition", r"(?P<repetition>{repetition})"),
    (
        "quarter",
        "unit quarter",
        r"(?:the )?(?P<ordinal>{ordinal})(?: fiscal)?[- ]quarter(?:(?: of)?(?: fiscal)? " + _YEAR + ")?",
    ),
    ("quarter", "quarter", r"q(?P<quarter>[1-4])(?: (?:of )?(?P<year>{year}))?"),
    ("half", "half", r"(?:the )?(?P<ordinal>first|second) half (?:of )?" + _YEAR),
    ("season", "season", _PART + r"(?:(?P<which>last|this|next) )(?P<season>{season})"),
    ("season", "season", _PART + r"(?:the )?(?P<season>{season})(?: of)? (?P<year>{year})"),
    ("season", "season", r"(?<=\bin )(?:the )?(?P<season>{season})(?! of\b)"),
    ("week", "unit week", r"week (?P<week>[1-5]?\d) of (?P<year>{year})"),
    ("week", "number", r"(?P<year>{year})-?w(?P<week>[0-5]\d)"),
    ("holiday", "holiday", r"(?:(?P<which>last|this|next) )?(?P<holiday>{holiday})(?:(?:,| of| in)? " + _YEAR + ")?"),
    ("reference", "reference", r"(?<!as )(?P<reference>{reference})"),
    ("later", "later", r"later"),
    ("clock", "clock", r"(?P<hour>1[0-2]|0?[1-9])(?:[:.](?P<minute>[0-5]\d))? ?(?P<half>[ap]m|[ap]\.m\.?)" + _ZONE),
    ("clock", "clock", r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?" + _ZONE),
    ("clock", "clock", r"(?P<named>noon|midday|midnight)"),
)  # fmt: skip

_DAYPARTS = {"morning": "TMO", "afternoon": "TAF", "evening": "TEV", "night": "TNI"}
_SEASONS = {"spring": "SP", "summer": "SU", "autumn": "FA", "fall": "FA", "winter": "WI"}
_DEICTICS = {
    "today": 0,
    "tonight": 0,
    "yesterday": -1,
    "tomorrow": 1,
    "day before yesterday": -2,
    "day after tomorrow": 2,
}


def _last_words(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(phrase.split()[-1].removesuffix(".") for phrase in phrases)


# A word of each kind; every phrase of the kind has one of them.
_ANCHORS: dict[str, frozenset[str]] = {
    "month": frozenset(_MONTHS) | {f"{name}." for name in _MONTHS},
    "weekday": frozenset(_WEEKDAYS) | {f"{name}{end}" for name in _WEEKDAYS for end in (".", "s")},
    "unit": frozenset(_UNITS) | {f"{unit}s" for unit in _UNITS} | words("centuries decades-long"),
    "daypart": frozenset(_DAYPARTS),
    "season": frozenset(_SEASONS),
    "deictic": _last_words(_DEICTICS),
    "repetition": _last_words(_REPETITIONS),
    "reference": words("now currently moment nowadays present recently past lately soon future days"),
    "later": words("later"),
    "quarter": words("q1 q2 q3 q4"),
    "half": words("half"),
    "holiday": (_last_words(_HOLIDAYS) - words("year")) | words("lunar"),
    "clock": words("a.m. p.m. am pm a.m p.m noon midday midnight"),
    "number": frozenset(f"{mark}{tens}0s" for mark in ("", "'", "‘", "’") for tens in range(2, 10)),
}

TIMES = TimeData(
    months=_MONTHS,
    weekdays=_WEEKDAYS,
    units=_UNITS,
    numbers=_NUMBERS,
    ordinals={"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "final": 4},
    day_words=_DAY_WORDS,
    dayparts=_DAYPARTS,
    seasons=_SEASONS,
    deictics=_DEICTICS,
    holidays=_HOLIDAYS,
    references=_REFERENCES,
    repetitions=_REPETITIONS,
    directions={
        **dict.fromkeys(("last", "previous", "past", "ago", "earlier", "this past"), -1),
        **dict.fromkeys(("this", "current"), 0),
        **dict.fromkeys(("next", "coming", "following", "later", "from now", "this coming"), 1),
    },
    parts={
        "early": "start",
        "beginning": "start",
        "start": "start",
        "mid": "mid",
        "middle": "mid",
        "late": "end",
        "end": "end",
    },
    patterns=_PATTERNS,
    ambiguous=words("may march mar jun jan apr sep sept dec august april june mon wed fri sun sat spring fall"),
    before_year=words(
        "in since by of from until till during for through late early mid and to the between before after around "
        "circa year ( - – , "
        "summer winter autumn fall spring election"
    ),
    before_name=words("in since until till during last next this early late mid through"),
    later=words("later"),
    future_words=words("will shall 'll ’ll wo to would could may might should must can"),
    future_heads=words("expect schedule plan due set slate book intend begin ahead"),
    commissives=words(
        "agree aim arrange decide due expect hope intend pledge plan prepare promise propose ready schedule set slate "
        "threaten vote vow want"
    ),
    implicatives=words("managed failed began started continued tried attempted helped forced came went proceeded had"),
    past_limits=words("since"),
    ends=words("until till"),
    range_links={
        "from": words("to until till through - – —"),
        "between": words("and"),
        "": words("to through - – —"),
    },
    clock_links=frozenset({"", "on", "at", "around", "about", "from"}),
    daypart_link=" of ",
    named_days=words("bloody black red blue super ruby holy fat freaky mad wild casual green golden"),
    fiscal_words=words(
        "fiscal financial profit profits profitable revenue revenues sales earnings loss losses results income "
        "turnover margin margins dividend dividends gdp economy economic economists growth grew output exports imports "
        "inflation shares shareholders investors analysts forecast forecasts guidance orders deliveries shipments "
        "company companies firm market markets prices demand costs spending billion million percent % $ € £ bank banks "
        "year-on-year business businesses hiring unemployment cash debt"
    ),
    anchors=_ANCHORS,
)
