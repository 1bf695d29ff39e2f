"""English time words and the patterns that use them."""

from pipeline.nlp.languages.spec_events import TimeData, words

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
_PART = r"(?:(?P<part>early|mid|late|earlier|later|the (?:very )?(?:beginning|start|end|middle) of)[- ])?"
_WHICH = r"(?:the )?(?P<which>last|this|next|previous|past|coming|current|following)"
_SPAN = r"(?:the )?(?P<which>last|past|next|coming|previous|first|following)"
_ZONE = r"(?: ?(?:gmt|bst|e[sd]?t|p[sd]?t|utc|local time|hours))?"
_YEARLY = r"(?:of )?(?P<yearly>last|this|next) year"
_YEAR = r"(?:(?P<year>{year})|" + _YEARLY + ")"
_WEEKDAY = r"(?:(?P<weekday>{weekday}),? )?"
_PERIOD = r"(?:fiscal |financial |calendar )?(?P<unit>week|weekend|month|year|quarter|decade|century)"

_PATTERNS = (
    ("day", r"(?P<year>{year})-(?P<month_number>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"),
    ("day", _WEEKDAY + r"(?:the )?(?P<day>{day})(?: of)? (?P<month>{month})(?:\.?,? " + _YEAR + ")?"),
    ("day", _WEEKDAY + r"(?P<month>{month})\.? (?:the )?(?P<day>{day})(?: ?,? " + _YEAR + r")?(?![:\d])"),
    ("numeric", r"(?P<one>\d\d?)[/.](?P<other>\d\d?)[/.](?P<year>{year})"),
    ("days", r"(?P<day>{day}) ?(?:-|–|to|and) ?(?P<last>{day}) (?P<month>{month})(?:,? (?P<year>{year}))?"),
    ("days", r"(?P<month>{month}) (?P<day>{day}) ?(?:-|–|to|and) ?(?P<last>{day})(?:,? (?P<year>{year}))?"),
    ("month", _PART + r"(?:(?P<which>last|this|next) )?(?P<month>{month})(?:\.?,? (?:of )?" + _YEAR + ")?"),
    ("part", r"(?:the )?(?P<which>first|last|final) (?:week|days) of (?P<month>{month})(?:,? " + _YEAR + ")?"),
    ("year", _PART + r"(?P<year>{year})"),
    ("decade", r"(?:the )?(?:(?:early|mid|late)[- ])?(?P<decade>(?:1[5-9]|20)\d)0['’]?s"),
    ("decade", r"the (?:(?:early|mid|late)[- ])?['‘’](?P<tens>[2-9])0s"),
    ("weekday", r"(?:(?P<which>last|next|this(?: coming| past)?) )?(?P<weekday>{weekday})(?: (?P<daypart>{daypart}))?"),
    ("weekday", r"(?P<weekday>{weekday}) of (?P<weekly>last|this|next) week"),
    ("deictic", r"(?P<deictic>{deictic})(?: (?P<daypart>{daypart}))?"),
    ("deictic", r"(?:(?:earlier|later) )(?P<deictic>today)"),
    ("daypart", r"(?P<which>this|last) (?P<daypart>{daypart})"),
    ("period", _PART + _WHICH + " " + _PERIOD),
    ("period", r"(?P<part>the (?:very )?(?:beginning|start|end|middle) of) the " + _PERIOD),
    ("offset", r"(?P<number>{number}) (?P<unit>{unit})s? (?P<direction>ago|earlier|later|from now)"),
    ("stretch", _SPAN + r" (?P<number>{number}) (?P<unit>{unit})s?"),
    ("stretch", r"the (?P<which>past|next) (?P<unit>decade|century)"),
    ("stretch", r"(?P<number>(?:a|one|two|three|several)[- ])?(?P<unit>decade|century)s?"),
    ("duration", r"(?P<number>{number})[- ](?P<unit>{unit})(?:s|(?:-long))?(?![- ]olds?\b)(?!(?<=quarter) of\b)"),
    ("duration", r"(?:an? )?half(?: an?|-)(?: )?(?P<half>hour|day|year|century)"),
    ("set", r"(?:every|each) (?:(?P<number>{number}) )?(?P<unit>{unit})s?"),
    ("set", r"every (?P<weekday>{weekday})"),
    ("set", r"(?P<repetition>{repetition})"),
    ("quarter", r"(?:the )?(?P<ordinal>{ordinal})(?: fiscal)?[- ]quarter(?:(?: of)?(?: fiscal)? " + _YEAR + ")?"),
    ("quarter", r"q(?P<quarter>[1-4])(?: (?:of )?(?P<year>{year}))?"),
    ("half", r"(?:the )?(?P<ordinal>first|second) half (?:of )?" + _YEAR),
    ("season", _PART + r"(?:(?P<which>last|this|next) )(?P<season>{season})"),
    ("season", _PART + r"(?:the )?(?P<season>{season})(?: of)? (?P<year>{year})"),
    ("week", r"week (?P<week>[1-5]?\d) of (?P<year>{year})"),
    ("week", r"(?P<year>{year})-?w(?P<week>[0-5]\d)"),
    ("reference", r"(?<!as )(?P<reference>{reference})"),
    ("later", r"later"),
    ("clock", r"(?P<hour>1[0-2]|0?[1-9])(?:[:.](?P<minute>[0-5]\d))? ?(?P<half>[ap]\.?m\.?)" + _ZONE),
    ("clock", r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)" + _ZONE),
    ("clock", r"(?P<named>noon|midday|midnight)"),
)  # fmt: skip

TIMES = TimeData(
    months=_MONTHS,
    weekdays=_WEEKDAYS,
    units=_UNITS,
    numbers=_NUMBERS,
    ordinals={"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "final": 4},
    dayparts={"morning": "TMO", "afternoon": "TAF", "evening": "TEV", "night": "TNI"},
    seasons={"spring": "SP", "summer": "SU", "autumn": "FA", "fall": "FA", "winter": "WI"},
    deictics={"today": 0, "tonight": 0, "yesterday": -1, "tomorrow": 1, "day before yesterday": -2},
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
    future_words=words("will shall 'll ’ll wo to would could may might should"),
    future_heads=words("expect schedule plan due set slate book intend begin"),
    anchors=frozenset(
        {
            *(f"{mark}{tens}0s" for mark in ("", "'", "‘", "’") for tens in range(2, 10)),
            *_MONTHS,
            *_WEEKDAYS,
            *_UNITS,
            *(f"{unit}s" for unit in _UNITS),
            *_REPETITIONS,
        }
        | words(
            "today tonight yesterday tomorrow now currently moment nowadays present recently past previously "
            "lately soon future days later morning afternoon evening night noon midday midnight spring "
            "summer autumn fall winter quarter half centuries a.m. p.m. am pm a.m p.m q1 q2 q3 q4 decade "
            "decades-long "
        )
    ),
)
