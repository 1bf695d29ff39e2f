"""English words that show the country of a person, and words next to countries that do not."""

from newslake.pipeline.nlp.languages.spec import CountryData
from newslake.pipeline.nlp.languages.spec_events import words

_KINGDOMS = words("AUS BEL CAN DNK ESP GBR JAM JPN MYS NLD NOR NZL SAU SWE THA")  # have no president
_REPUBLICS = words("ARG BRA CHL COL CYP ECU IDN MEX NGA PHL USA VEN ZAF")  # have no prime minister, chancellor or king

# The states of the United States as a name and as newspapers abbreviate them after a politician's name. Georgia is
# missing among the names: it is also a country.
_STATES = """alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii idaho illinois
    indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana
    nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia wisconsin wyoming"""
_LONG_STATES = (
    "new hampshire", "new jersey", "new mexico", "new york", "north carolina", "north dakota", "rhode island",
    "south carolina", "south dakota", "west virginia",
)  # fmt: skip
_ABBREVIATIONS = (
    r"Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ill|Ind|Kan|Ky|La|Md|Mass|Mich|Minn|Miss|Mo|Mont|Neb|Nev|N\.H|N\.J|N\.M"
    r"|N\.Y|N\.C|N\.D|Okla|Ore|Pa|R\.I|S\.C|S\.D|Tenn|Tex|Vt|Va|Wash|W\. ?Va|Wis|Wyo"
)

COUNTRIES = CountryData(
    ambiguous=words("georgia georgian georgians jordan chad turkey guinea niger congo macedonia samoa korea"),
    nations=dict.fromkeys(("england", "scotland", "wales", "northern ireland"), "GBR"),
    demonyms={
        **dict.fromkeys(words("english scottish welsh"), "GBR"),
        "northern irish": "GBR",
        **dict.fromkeys(words("texan californian hawaiian alaskan"), "USA"),
    },
    states=words(_STATES).union(_LONG_STATES),
    federation="USA",
    party_pattern=rf"\s*(?:[(,]\s?[DRI](?:[-\u2011–]|\.?, ?)[A-Z]|\((?:{_ABBREVIATIONS})\.\))",
    topic_roles=words(
        "correspondent expert specialist analyst editor observer watcher scholar historian professor lecturer teacher"
        " tutor researcher envoy negotiator director representative adviser advisor economist strategist reporter"
    ),
    language_roles=words(
        "teacher tutor professor lecturer translator interpreter expert specialist scholar correspondent editor"
    ),
    topic_prepositions=words("of in on at"),
    topic_nouns=words(
        "affairs history literature language languages studies politics food cuisine art law music cinema culture"
        " football desk policy theatre poetry"
    ),
    adjective_names=words("us uk"),
    desk_roles=words(
        "correspondent editor analyst economist strategist director reporter expert specialist observer watcher"
    ),
    role_prepositions=words("of for at with from"),
    home_prepositions=words("of from at"),
    civic_roles=words(
        "mayor governor gov sen senator representative congressman congresswoman lawmaker legislator councillor"
        " councilman councilwoman alderman sheriff police prosecutor attorney judge bishop archbishop republican"
        " democrat resident native citizen premier commissioner coroner"
    ),
    civic_nouns=words("university police council court hospital college prosecutor"),
    offices=words(
        "president minister chancellor senator congressman congresswoman speaker leader whip secretary justice"
        " sen rep representative treasurer mp premier pm general lawmaker king queen prince princess"
        " justices senators democrat republican incumbent challenger nominee frontrunner"
    ),
    office_words=words(
        "the former ex acting then current new president prime minister deputy vice foreign finance defence defense"
        " health education justice interior home environment energy transport trade economy agriculture labor labour"
        " culture senator sen rep congressman congresswoman house senate majority minority speaker leader whip"
        " secretary supreme court chief attorney general treasury of state chancellor representative mp premier pm"
        " first lawmaker republican democratic opposition homeland security commerce exchequer and affairs"
        " king queen prince princess crown justices senators democrat democratic incumbent challenger nominee"
        " frontrunner presidential labour conservative tory communications information tourism housing industry"
        " investment business fisheries digital technology science sports immigration infrastructure planning economic"
    ),
    titles_of_state=words(
        "president minister chancellor senator congressman congresswoman sen rep premier pm king queen prince princess"
        " mp"
    ),
    bodies=words(
        "house senate majority minority supreme attorney treasury state opposition prime foreign finance defence"
        " defense health education interior home environment transport trade economy agriculture commerce exchequer"
        " homeland republican democratic communications information tourism housing industry investment labour"
        " fisheries"
    ),
    offices_without={
        **dict.fromkeys(_KINGDOMS, words("president")),
        **dict.fromkeys(words("AUS CAN JAM NZL"), words("president king queen prince princess")),
        **dict.fromkeys(_REPUBLICS, words("minister chancellor premier pm king queen prince princess")),
    },
    office_countries={"mec": "ZAF", "msp": "GBR", **dict.fromkeys(words("taoiseach tánaiste tanaiste"), "IRL")},
    ambiguous_states=words("georgia"),
    state_offices=words("democrat republican congressman congresswoman") | {"secretary of state"},
    birth_words=words("born"),
    base_words=words("based"),
    immigrant_demonyms=words("american australian"),
    continent_words=words("south north latin central pan"),
    seat_nouns=words(
        "university hospital school college institute centre center academy court clinic museum library laboratory"
    ),
    foreign_words=words(
        "ambassador envoy diplomat attaché attache consul embassy consulate mission delegation bureau office"
        " correspondent reporter journalist soldier commander officer troops base camp peacekeeper volunteer student"
    ),
)
