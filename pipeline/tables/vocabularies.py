"""The meaning of each value of a closed vocabulary, for docs/tables.md."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The values of some columns, with what each means. ``columns`` are "table.column"."""

    name: str
    columns: tuple[str, ...]
    meanings: Mapping[str, str]
    note: str = ""


VOCABULARIES = (
    Vocabulary(
        "mention_kind",
        ("entities.mention_kind",),
        {
            "name": "a proper name: Aino Kestilä, Finland",
            "pronoun": "a pronoun: she, it, they, and I inside a quote",
            "nominal": "a noun phrase for several entities: the two ministers",
        },
    ),
    Vocabulary(
        "entity_type",
        ("entities.entity_type",),
        {
            "PERSON": "a person",
            "ORG": "an organisation: company, ministry, party, club",
            "GPE": "a country, state, city or village",
            "LOC": "another place: sea, river, mountain, region",
            "FAC": "a building or other structure: bridge, airport, museum",
            "NORP": "a nationality, religious or political group",
            "EVENT": "a named event: storm, festival, war",
            "PRODUCT": "a vehicle, device or other product",
            "WORK_OF_ART": "a book, film, song or other work",
            "LAW": "a named law, treaty or other legal document",
            "LANGUAGE": "a language",
            "UNKNOWN": "an unresolved it or they",
        },
        "The types are those of OntoNotes, and UNKNOWN. A cluster has one type.",
    ),
    Vocabulary(
        "gender",
        ("entities.gender", "quotes.speaker_gender"),
        {"F": "female", "M": "male", "U": "unknown"},
    ),
    Vocabulary(
        "gender_method",
        ("entities.gender_method", "quotes.speaker_gender_method"),
        {
            "honorific": "a title: Mrs, Sir",
            "pronoun": "pronouns that refer to the person: she, his",
            "role": "a role with a gender: chairwoman, king",
            "forename": "the forename, from a list",
            "none": "no evidence, or a correction by a person",
        },
        "The strongest evidence decides, in this order.",
    ),
    Vocabulary(
        "link_method",
        ("entities.link_method",),
        {
            "exact": "the same name, or the first mention of a new name",
            "surname": "the surname of a full name",
            "acronym": "the initials of a longer name, or an acronym in brackets after it",
            "alias": "a forename, a short form, or another name in the knowledge base",
            "apposition": "reserved: not assigned",
            "role": "a noun phrase for known people: the two ministers",
            "pronoun": "a pronoun that refers to the entity",
            "speaker": "I, me or my inside a quote: its speaker",
            "group": "reserved: not assigned",
            "none": "unresolved: `cluster_index` is null",
        },
    ),
    Vocabulary(
        "country_method",
        ("entities.country_method",),
        {
            "name": "the mention is the name of a people: Finns",
            "nationality": "a nationality next to the name or role: the Estonian minister",
            "role": "the state in the role: president of Peru",
            "kb": "the knowledge base",
            "override": "a correction by a person in `overrides.toml`",
        },
    ),
    Vocabulary(
        "block_kind",
        ("entities.block_kind", "articles.blocks[].kind"),
        {
            "title": "the headline",
            "standfirst": "the summary under the headline",
            "heading": "a heading inside the article",
            "paragraph": "a paragraph",
            "list": "an item of a list",
            "caption": "the caption of a picture",
        },
    ),
    Vocabulary(
        "quote_type",
        ("quotes.quote_type",),
        {
            "direct": "a direct quote: at least 90 % of its letters and digits are inside quotation marks",
            "mixed": "fewer are, or the words in quotation marks are a fragment of the sentence",
            "indirect": "an indirect quote: no words inside quotation marks",
        },
    ),
    Vocabulary(
        "cue_stance",
        ("quotes.cue_stance",),
        {
            "neutral": "takes no position: said, added, wrote",
            "distance": "leaves doubt: claimed, alleged",
            "approval": "presents it as true: admitted, confirmed, revealed",
        },
    ),
    Vocabulary(
        "speaker_kind",
        ("quotes.speaker_kind",),
        {
            "person": "a person",
            "organisation": "a named organisation, place or group, or a noun for one: the company",
            "unnamed": "a speaker without a name: a spokesman, residents",
            "document": "a text or figures: a report, a law, a book",
        },
    ),
    Vocabulary(
        "modality",
        ("events.modality", "event_clusters.modality"),
        {
            "happened": "reported as fact: police arrested him",
            "planned": "announced or intended: they will meet on Wednesday",
            "hypothetical": "possible, conditional or desired: Estonia could recall its ambassador",
            "negated": "denied or did not happen: they did not sign",
        },
    ),
    Vocabulary(
        "event_type",
        ("events.event_type", "events.plover_type", "event_clusters.event_type", "event_clusters.plover_type"),
        {
            "AGREE": "1: agrees to cooperate",
            "CONSULT": "1: talks, visits, meetings; modes visit, third-party, multilateral, phone",
            "SUPPORT": "1: praise, recognition, political support",
            "CONCEDE": "1: gives in to a demand",
            "COOPERATE": "2: works together in fact: joint work, exchange, trade",
            "AID": "2: gives help, money, goods or protection",
            "RETREAT": "2: ends pressure or force; modes withdraw, release, disarm, ceasefire, access, resign",
            "REQUEST": "3: asks or demands; modes assist, change, yield, meet",
            "ACCUSE": "3: criticises or accuses; modes disapprove, investigate, allege",
            "REJECT": "3: refuses; modes assist, change, yield, meet",
            "THREATEN": "3: threatens; modes restrict, arrest, relations, expel, territory, violence",
            "PROTEST": "4: protests; modes demo, riot, strike, hunger, boycott, obstruct, vandalize",
            "SANCTION": "4: punishes or reduces relations; modes convict, expel, withdraw, discontinue",
            "MOBILIZE": "4: prepares force; modes troops, weapons, police, militia",
            "COERCE": "4: uses power without an assault; modes seize, restrict, censor, curfew, martial-law, arrest, "
            "deport, withhold, misinformation, cyber",
            "ASSAULT": "4: attacks; modes abduct, beat, torture, sexual, targeted, destroy, primitive, firearms, "
            "explosives, suicide-attack, aerial, drone, heavy-weapons, crowd-control, unconventional",
            "OTHER": "an event of everyday news; its `event_subtype` says which",
        },
        "The types and modes are those of PLOVER 0.8 (Open Event Data Alliance, CC BY-SA 4.0). The number is the quad "
        "class: 1 verbal cooperation, 2 material cooperation, 3 verbal conflict, 4 material conflict. `event_type` is "
        "the type of the words; `plover_type` turns planned cooperation into AGREE and a planned RETREAT into CONCEDE.",
    ),
    Vocabulary(
        "event_subtype",
        ("events.event_subtype", "event_clusters.event_subtype"),
        {
            "accident": "accidents in transport and at work, fires, collapses",
            "appointment": "somebody takes or leaves an office without conflict",
            "business": "products, deals, jobs, plants, results of companies",
            "crime": "crimes without violence: theft, fraud, smuggling",
            "culture": "performances, exhibitions, festivals, publications, awards",
            "death": "deaths of any cause, funerals, burials",
            "disaster": "natural disasters: floods, storms, earthquakes, fires",
            "election": "elections, votes, nominations, new governments",
            "family": "weddings, births, divorces",
            "health": "outbreaks, treatments, vaccinations",
            "legal": "rulings, hearings, testimony, new laws",
            "market": "changes of prices, rates and shares",
            "science": "discoveries, experiments, missions",
            "sport": "matches, results, transfers",
        },
    ),
    Vocabulary(
        "sector",
        ("events.actor_sector", "events.recipient_sector"),
        {
            "GOV": "government",
            "MIL": "military",
            "COP": "police",
            "JUD": "courts, lawyers",
            "LEG": "parliament",
            "REB": "armed groups",
            "SPY": "intelligence services",
            "PTY": "political parties, candidates",
            "AGR": "farming, fishing",
            "BUS": "companies",
            "CRM": "criminals",
            "CVL": "civilians",
            "EDU": "education, research",
            "ELI": "celebrities, tycoons",
            "JRN": "journalists, media",
            "LAB": "workers, unions",
            "MED": "doctors, hospitals, patients",
            "REF": "refugees, migrants",
            "OPP": "opposition, activists, prisoners",
            "REL": "religion",
            "SOC": "charities, volunteers",
        },
        "The codes are those of PLOVER.",
    ),
    Vocabulary(
        "date_precision",
        ("events.event_date_precision", "event_clusters.event_date_precision"),
        {
            "day": "one day, or a range of days",
            "week": "a week or a weekend",
            "month": "a month",
            "quarter": "a quarter or a season",
            "year": "a year",
            "unknown": "no date, or a longer period such as a decade",
        },
    ),
    Vocabulary(
        "date_basis",
        ("events.event_date_basis",),
        {
            "explicit": "a date with its year in the text: 2 March 2026",
            "relative": "a date relative to the publication day: Tuesday, last month",
            "tense": "no date; the past tense says that it was on or before the publication day",
            "none": "nothing",
        },
    ),
    Vocabulary(
        "published_at_method",
        ("articles.published_at_method",),
        {
            "jsonld": "JSON-LD in the page",
            "microdata": "microdata in the page",
            "opengraph": "an OpenGraph tag",
            "meta": "another meta tag",
            "time": "a time element",
            "url": "the URL; a day only",
            "feed": "the feed or sitemap",
            "shown": "the date shown near the headline",
            "htmldate": "a guess of the library htmldate",
            "given": "given with a local file",
            "unknown": "no date found",
        },
        "The first method with a possible date decides.",
    ),
    Vocabulary(
        "published_at_precision",
        ("articles.published_at_precision",),
        {"second": "day and time are known", "day": "only the day is known"},
    ),
    Vocabulary(
        "page_type",
        ("articles.page_type",),
        {
            "article": "an article",
            "paywall": "the visible part of a paid article",
            "live": "a live blog",
            "video": "a video with little text",
            "audio": "an audio page with little text",
            "gallery": "pictures with little text",
            "section": "a list of articles",
            "consent": "a consent or login page",
            "error": "an error page with status 200",
            "other": "a page without text",
        },
    ),
    Vocabulary(
        "method",
        ("near_duplicates.method",),
        {
            "none": "no earlier article matches",
            "exact": "equal content",
            "near": "nearly all words are the same",
            "contained": "one text is a part of the other",
        },
    ),
    Vocabulary(
        "outcome",
        ("outcomes.outcome",),
        {
            "kept": "its rows are committed",
            "unchanged": "nothing new: the page is in the archive, or its revision is committed",
            "rejected": "not an article, not allowed, or not available",
            "quarantined": "set aside because something is broken: a listing entry, bytes, a row, a rule",
            "pending": "waits for a later stage or run",
        },
    ),
    Vocabulary(
        "result",
        ("listing_fetches.result",),
        {
            "listed": "a listing, possibly without entries",
            "unchanged": "the server says that the listing has not changed",
            "partial": "a part of the listing was not available",
            "failed": "no listing",
        },
    ),
    Vocabulary(
        "kind",
        ("runs.kind",),
        {
            "scheduled": "the schedule of Airflow",
            "signal": "an asset event of Airflow: a new file, or something new in a listing",
            "backfill": "a backfill of Airflow",
            "manual": "a person, in Airflow or on the command line",
        },
    ),
    Vocabulary("status", ("runs.status",), {"done": "finished", "failed": "reserved: only finished runs are logged"}),
)
