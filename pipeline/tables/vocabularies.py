"""The meaning of each value of a closed vocabulary, for docs/tables.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from newslake.pipeline.tables.schema import TABLE_SPECS


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The values of some columns, with the meaning of each.

    ``columns`` are "table.column", or "table.column[].field" for a field of a list.
    """

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
            "pronoun": "a pronoun: she, it, they; inside a quote also I and we",
            "nominal": "a noun phrase that refers to one or several known entities: the insurer, the two ministers",
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
            "AUTHOR": "the writer of the article: I and we in running text outside quotation marks, but not in the "
            "answers of an interview",
            "UNKNOWN": "an unresolved pronoun for a thing or a group: it, they",
        },
        "The types are those of [OntoNotes](https://catalog.ldc.upenn.edu/LDC2013T19), `AUTHOR` and `UNKNOWN`. All "
        "mentions of a cluster have the same type.",
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
            "honorific": "an honorific: Mrs, Sir",
            "pronoun": "pronouns that refer to the person: she, his",
            "role": "a role that shows the gender: chairwoman, king",
            "forename": "the forename, from a list",
            "none": "no evidence in the text (the gender is `U`), or a gender that is set in `overrides.toml`",
        },
        "If there is evidence of several kinds, the first kind in this list decides.",
    ),
    Vocabulary(
        "link_method",
        ("entities.link_method",),
        {
            "exact": "the mention has the same name as an earlier mention, or it is the first mention of the entity",
            "surname": "the mention is the surname of a full name",
            "acronym": "the mention is the initials of a longer name, or an acronym in brackets after the longer name",
            "alias": "the mention is a forename, a short form, or another name of the entity in the knowledge base",
            "apposition": "reserved: not assigned",
            "role": "the mention is a noun phrase for one or several known entities: the school, the two ministers",
            "pronoun": "the mention is a pronoun that refers to the entity",
            "speaker": "the mention is a first-person pronoun (I, my, we) inside a quote or in the answers of an "
            "interview; it refers to the speaker",
            "group": "reserved: not assigned",
            "none": "the entity is not known; `cluster_index` is null",
        },
    ),
    Vocabulary(
        "person_link_method",
        ("person_links.method",),
        {
            "related": "an article that reports the same event or quote, or is a duplicate, has the full name",
            "role": "an article with the full name states the same role",
            "organisations": "two articles have the full name, and one mentions the same two organisations, or more",
            "outlet": "two other articles of the same outlet have the full name, and no other outlet another bearer",
        },
        "In each case, only one full name among these articles has the surname, and no gender is against it. "
        "`confidence` is the share of right links of the method, measured by cutting full names to their surnames.",
    ),
    Vocabulary(
        "country_method",
        ("entities.country_method",),
        {
            "name": "the mention is the name of a nationality: Finns",
            "nationality": "a nationality next to the name or role: the Estonian minister",
            "role": "the country in the role: president of Peru",
            "affiliation": "the country of an organisation or place in the role or after the name: Bank of England "
            "chief, Ana Brito of Portugal, Senator Brito (D-Ohio), the Lima-based Ana Brito",
            "birthplace": "the country of the place of birth: born in Lisbon, Portugal",
            "office": "an office of state without its country, in an article that names every other country much less; "
            "or an office that one country alone has: taoiseach",
            "kb": "the entry of the entity in the knowledge base",
            "override": "a correction in `overrides.toml`",
        },
    ),
    Vocabulary(
        "block_kind",
        ("entities.block_kind", "articles.blocks[].kind"),
        {
            "title": "the headline",
            "standfirst": "the standfirst: the summary under the headline",
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
            "direct": "at least 90 % of the quote's letters and digits are in quotation marks, and it is not a "
            "fragment; or it is a turn of an interview, or a statement after a line that introduces it",
            "mixed": "less than 90 % of the quote's letters and digits are in quotation marks, or it is a fragment: at "
            "most three words that are not a sentence, or the words that a verb such as “call” gives to something",
            "indirect": "no words are in quotation marks",
        },
    ),
    Vocabulary(
        "cue_stance",
        ("quotes.cue_stance",),
        {
            "neutral": "the cue takes no position: said, added, wrote",
            "distance": "the cue leaves doubt about the statement: claimed, alleged",
            "approval": "the cue presents the statement as true: admitted, confirmed, revealed",
        },
    ),
    Vocabulary(
        "speaker_kind",
        ("quotes.speaker_kind",),
        {
            "person": "a person",
            "organisation": "a named organisation, place or group, or a noun for one: the company",
            "unnamed": "a speaker without a name: a spokesman, residents, authorities",
            "document": "a text or figures: a report, a law, a book",
            "author": "the writer of the article: “We are late,” I said",
        },
    ),
    Vocabulary(
        "rule_id",
        ("quotes.rule_id",),
        {
            "after": "the cue is after the words in quotation marks: “We lost,” she said",
            "source_after": "as `after`, but the cue is a phrase such as “according to”",
            "after_loose": "as `after`, but the quotation marks do not end with a comma or a dash",
            "governs": "the cue is before the quotation marks and governs their words: she called the ban “a disaster”",
            "adjacent": "the cue, or a word such as “that”, is directly before the quotation marks: he said “it works”",
            "comma": "a cue and a comma are before the quotation marks: she said, “We lost.”",
            "colon": "a cue and a colon are before the quotation marks: she said: “We lost.”",
            "colon_paragraph": "a cue and a colon end the paragraph before the quote",
            "sentence": "a cue is somewhere before the quotation marks in the same sentence",
            "clause": "the quote is the clause that a cue reports: she said the ban was a disaster",
            "carried": "no cue: the speaker of the previous quote in the same paragraph continues",
            "carried_paragraph": "no cue: the speaker of the previous quote continues in the next paragraph",
            "byline": "no cue: the name of the speaker is before a colon, or after a dash at the end",
            "interview": "a turn of a printed interview: the paragraph begins with the speaker and a colon",
            "statement": "paragraphs without quotation marks after a line that introduces them: The statement reads:",
            "near_subject": "no cue: the subject of the sentence before, if it can speak, else no speaker",
            "override": "a correction in `overrides.toml`",
        },
        "`confidence` is the probability that the speaker is right, from the rule, the cue and the coreference. A "
        "speaker below 0.6 is only a `speaker_candidate`. The `rule_id` of an event is a pattern of the event lexicon "
        "with its event type.",
    ),
    Vocabulary(
        "modality",
        ("events.modality", "event_clusters.modality"),
        {
            "happened": "reported as a fact: police arrested him",
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
            "COOPERATE": "2: cooperates in practice: joint work, exchange, trade",
            "AID": "2: gives help, money, goods or protection",
            "RETREAT": "2: ends pressure or force; modes withdraw, release, disarm, ceasefire, access, resign",
            "REQUEST": "3: asks or demands; modes assist, change, yield, meet",
            "ACCUSE": "3: criticises or accuses; modes disapprove, investigate, allege",
            "REJECT": "3: refuses; modes assist, change, yield, meet",
            "THREATEN": "3: threatens; modes restrict, arrest, relations, expel, territory, violence",
            "PROTEST": "4: protests; modes demo, riot, strike, hunger, boycott, obstruct, vandalize",
            "SANCTION": "4: punishes or reduces relations; modes convict, expel, withdraw, discontinue",
            "MOBILIZE": "4: prepares force; modes troops, weapons, police, militia",
            "COERCE": "4: uses power, but does not attack; modes seize, restrict, censor, curfew, martial-law, arrest, "
            "deport, withhold, misinformation, cyber",
            "ASSAULT": "4: attacks; modes abduct, beat, torture, sexual, targeted, destroy, primitive, firearms, "
            "explosives, suicide-attack, aerial, drone, heavy-weapons, crowd-control, unconventional",
            "OTHER": "an event of everyday news that is not a PLOVER type; `event_subtype` says which",
        },
        "The types and modes are those of [PLOVER](https://github.com/openeventdata/PLOVER) 0.8 (Open Event Data "
        "Alliance, CC BY-SA 4.0). The number is the quad class: 1 verbal cooperation, 2 material cooperation, 3 verbal "
        "conflict, 4 material conflict. `event_type` is the type of what the words name, whether or not it happened. "
        "`plover_type` differs in two cases, as PLOVER says: a planned `CONSULT`, `SUPPORT`, `COOPERATE` or `AID` is "
        "an `AGREE`, and a planned `RETREAT` is a `CONCEDE`.",
    ),
    Vocabulary(
        "event_subtype",
        ("events.event_subtype", "event_clusters.event_subtype"),
        {
            "accident": "accidents in transport and at work, fires in buildings and vehicles, collapses",
            "appointment": "somebody takes or leaves an office without conflict",
            "business": "products, deals, jobs, plants, results of companies",
            "crime": "crimes without violence: theft, fraud, smuggling",
            "culture": "performances, exhibitions, festivals, publications, awards",
            "death": "deaths of any cause, funerals, burials",
            "disaster": "natural disasters: floods, storms, earthquakes, wildfires",
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
        "argument_basis",
        ("events.actor_basis", "events.recipient_basis"),
        {
            "clause": "in the clause of the trigger, or in one that shares its subject by the grammar",
            "context": "in another phrase or clause of the sentence: the clause above (“announced a ceasefire”), the "
            "content of what is said or refused (“rejected Spain's offer”), the author of a document",
            "coref": "at another mention of the event in the article",
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
        "The codes are those of [PLOVER](https://github.com/openeventdata/PLOVER).",
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
            "unknown": "no date, or a period longer than a year, such as a decade",
        },
    ),
    Vocabulary(
        "date_basis",
        ("events.event_date_basis",),
        {
            "explicit": "a date with its year in the text: 2 March 2026",
            "relative": "words that give the date relative to the published day: Tuesday, last month",
            "coref": "the date of another mention of the event in the article",
            "lead": "the day that the headline or the lead gives, for the main event without another date",
            "publication": "the published day, for a main event that happened and has no other day; the text does not "
            "give it",
        },
    ),
    Vocabulary(
        "place_basis",
        ("events.place_basis",),
        {
            "clause": "the clause with the trigger",
            "sentence": "the sentence with the trigger",
            "coref": "another mention of the event in the article",
            "dateline": "the dateline of the article, for its main event",
        },
    ),
    Vocabulary(
        "published_at_method",
        ("articles.published_at_method",),
        {
            "jsonld": "JSON-LD in the page",
            "microdata": "microdata in the page",
            "opengraph": "an OpenGraph tag in the page",
            "meta": "another meta tag in the page",
            "time": "a time element in the page",
            "url": "the URL of the page; it gives only the day",
            "feed": "the entry of the page in a feed or sitemap",
            "shown": "the date that the page shows near the headline, or its time on the day that others give",
            "htmldate": "an estimate of the library htmldate",
            "given": "the date that you gave with a local file or text, tried in place of `feed`",
            "unknown": "no date found: `published_at` is null",
        },
        "The methods are tried in this order, and the first plausible date is taken. Exceptions: a time element that "
        "is not marked as publication time is tried after the URL; a date more than three days from another one may "
        "lose to it, with the flag `date_conflict`.",
    ),
    Vocabulary(
        "published_at_precision",
        ("articles.published_at_precision",),
        {"second": "day and time are known", "day": "only the day is known, or the stated time is after the fetch"},
    ),
    Vocabulary(
        "credit_kind",
        ("articles.credits[].kind",),
        {
            "agency": "a news agency, named or not: AFP, Agencies",
            "desk": "a department or the staff: newsroom, sports desk, editorial team",
            "outlet": "the publication itself, or any other organisation that signs: a ministry, a club",
        },
        "`wire_agency` has the agency by its usual name, also from datelines; `credits` has what the by-line says.",
    ),
    Vocabulary(
        "field_methods",
        ("articles.field_methods[].method",),
        {
            "jsonld": "JSON-LD in the page",
            "microdata": "microdata in the page, or a link to the author",
            "opengraph": "an OpenGraph tag in the page",
            "meta": "another meta tag in the page",
            "markup": "`language`: the language that the page declares",
            "heading": "`title`: a heading that the page shows",
            "twitter": "`title`: the title of the social card",
            "title": "`title`: the title element of the page; `is_opinion`, `publisher`: what is before or after the "
            "headline in it",
            "logo": "`publisher`: the label or text of the link to the first page of the site",
            "copyright": "`publisher`: the copyright line of the page",
            "shown": "`standfirst`: the summary that the page shows",
            "byline": "`authors`, `credits`: the line near the headline, or one at the end of the text",
            "trafilatura": "`authors`, `credits`: the library trafilatura",
            "source": "`publisher`: the source in `sources.toml`",
            "outlet": "`publisher`: the known name of the outlet, which the page does not give",
            "feed": "the entry of the page in a feed or sitemap",
            "text": "`language`: the words of the text; `page_type`: the text, if the page shows no other type",
            "fast": "`body`: trafilatura in its precision mode, without its fallback extractors",
            "precision": "`body`: trafilatura in its precision mode, with its fallback extractors",
            "recall": "`body`: trafilatura in its recall mode",
            "containers": "`body`: the densest run of paragraphs of the page, which trafilatura missed",
            "completed": "`body`: one of these, with paragraphs of the same containers that trafilatura left out",
            "not_free": "`is_paywalled`, `page_type`: the markup says that the text is not free",
            "content_tier": "`is_paywalled`, `page_type`: the markup gives a paid tier",
            "wall_element": "`is_paywalled`, `page_type`: the page has an element for a paywall",
            "teaser_words": "`is_paywalled`, `page_type`: the page has words such as “subscribe to read”",
            "singlefile": "`url`, `fetched_at`: the comment of SingleFile in a saved page",
            "saved_from": "`url`: the comment “saved from url” of a browser in a saved page",
            "httrack": "`url`, `fetched_at`: the comment of HTTrack in a saved page",
            "canonical_link": "`url`: the canonical link of a saved page, because nothing else gives its URL",
            "og_url": "`url`: og:url of a saved page, because nothing else gives its URL",
            "folders": "`url`: the folders of a saved page, named by host and path",
            "file": "`fetched_at`: the time of the file, or of the run if the page was published after that",
            "jsonld_type": "`is_opinion`: the JSON-LD has the type of an opinion article or a review",
            "section": "`is_opinion`, `page_type`: the section of the page",
            "genre": "`is_opinion`, `page_type`: the genre in the JSON-LD",
            "breadcrumb": "`section`, `is_opinion`, `page_type`: a page above it, in the breadcrumbs of the JSON-LD; "
            "`section` also: in those that the page shows",
            "url": "`section`, `is_opinion`, `page_type`: a directory of the URL; `is_opinion` also: its host",
            "kicker": "`section`, `is_opinion`, `page_type`: the words above the headline; `section` also: a link to a "
            "category next to it",
            "menu": "`section`: the item of a menu that is marked as the place of the page",
            "standfirst": "`is_opinion`: a by-line of opinion in it, such as “a commentary by”",
            "release_line": "`page_type`: words such as “for immediate release” before the text",
            "wire_dateline": "`page_type`: a distributor of press releases in the dateline",
            "wire_publisher": "`page_type`: a distributor of press releases as publisher",
            "contact_lines": "`page_type`: lines about the sender and for reporters' questions at the end",
            "unknown": "the field was not found; `is_paywalled`, `is_opinion`: nothing shows it",
        },
        "If a value is used only for some fields, the fields are named before a colon. `title` is a vote: its method "
        "names all that gave the elected text, joined by +, e.g. `heading+jsonld+title`. With the flag "
        "`date_conflict`, the field `published_at` has the method and the day of the date that is taken, e.g. "
        "`url 2026-03-02`, and `published_at_conflict` those of the date that contradicts it. `url` and `fetched_at` "
        "are there only for local pages whose sidecar or line does not give them. A plain-text page has no other "
        "`field_methods`.",
    ),
    Vocabulary(
        "page_type",
        ("articles.page_type",),
        {
            "article": "an article",
            "paywall": "the visible part of an article with a paywall",
            "live": "a live blog",
            "video": "a video with little text",
            "audio": "an audio page with little text",
            "gallery": "pictures with little text",
            "section": "a list of articles",
            "consent": "a consent or login page",
            "error": "an error page that the server sent with an HTTP status of success",
            "other": "a page without article text",
            "list": "headlines of or links to other pages, with hardly any text of its own",
            "press_release": "a press release, which questions count as an article of the outlet that publishes it",
            "scores": "a table of results, standings or prices",
            "credits_list": "a list of names or credits",
            "forum": "a thread of a forum, or questions and answers of its users",
            "reference": "an entry of a dictionary, an encyclopedia, a manual or a collection of recipes",
            "paper": "a paper of a journal, a conference or a repository",
            "product": "a product of a shop",
            "software": "a repository of source code, or a program to download",
            "policy": "a privacy policy, terms of use or another legal notice of a site",
        },
    ),
    Vocabulary(
        "method",
        ("near_duplicates.method",),
        {
            "none": "no earlier article matches",
            "exact": "the two articles have the same `content_hash`",
            "near": "most sequences of three words are the same: Jaccard similarity of at least 0.7",
            "contained": "at least 80 % of the three-word sequences of the shorter text are in the longer text",
        },
    ),
    Vocabulary(
        "outcome",
        ("outcomes.outcome",),
        {
            "kept": "the rows of the page are committed",
            "unchanged": "nothing is new: the server sent nothing else, or the tables already have its revision",
            "not_checked": "the archive has the page, and the run did not learn whether it has changed: no recheck was "
            "due, it failed, or a limit refuses the page",
            "rejected": "the page is not an article, not allowed, or not available",
            "quarantined": "excluded because something broke: its listing, its bytes, its rows, or newslake",
            "pending": "waits for a later step or run, e.g. archived but not processed yet",
        },
    ),
    Vocabulary(
        "result",
        ("listing_fetches.result",),
        {
            "listed": "the source sent a listing, possibly without entries",
            "unchanged": "the server says that the listing has not changed since the last request",
            "partial": "the source sent only a part of the listing",
            "failed": "the source sent no listing",
        },
    ),
    Vocabulary(
        "kind",
        ("runs.kind",),
        {
            "scheduled": "the schedule of Airflow",
            "signal": "an asset event of Airflow: a new file in an inbox, or a new entry in a listing",
            "backfill": "a backfill of Airflow",
            "manual": "a user, in Airflow or on the command line",
        },
    ),
    Vocabulary(
        "status", ("runs.status",), {"done": "the run finished", "failed": "reserved: a run that failed is not logged"}
    ),
)


def vocabulary_of(table: str, column: str) -> Mapping[str, str]:
    """Return the values of a column, each with its meaning; empty if it has no closed vocabulary."""
    named = f"{table}.{column}"
    meanings = next((each.meanings for each in VOCABULARIES if named in each.columns), {})
    return {value: meanings.get(value, "") for value in TABLE_SPECS[table].column(column).values or meanings}
