"""The closed vocabularies of coded articles. corpus/GUIDELINES.md explains them."""

from newslake.pipeline.nlp.languages.plover import QUAD_CLASSES

GENDERS = frozenset(("F", "M", "U"))
QUOTE_TYPES = frozenset(("direct", "mixed", "indirect"))
SPEAKER_KINDS = frozenset(("person", "organisation", "unnamed", "document", "author"))
MODALITIES = frozenset(("happened", "planned", "hypothetical", "negated"))
PLOVER_TYPES = frozenset(QUAD_CLASSES)
_SUBTYPES = (
    *("death", "disaster", "accident", "crime", "court", "election"),
    *("sport", "business", "health", "culture", "science", "other"),
)
EVENT_TYPES = PLOVER_TYPES | {f"OTHER:{subtype}" for subtype in _SUBTYPES}
_KINDS = ("news report", "analysis", "opinion", "interview", "profile", "obituary", "live", "list", "other")
ARTICLE_KINDS = frozenset(_KINDS)
# The seventeen labels of the top level of IPTC Media Topics (CC BY 4.0).
_TOPICS = (
    *("arts, culture, entertainment and media", "conflict, war and peace", "crime, law and justice"),
    *("disaster, accident and emergency incident", "economy, business and finance", "education", "environment"),
    *("health", "human interest", "labour", "lifestyle and leisure", "politics and government", "religion"),
    *("science and technology", "society", "sport", "weather"),
)
TOPICS = frozenset(_TOPICS)
_PERSONAL = ("he", "she", "they", "him", "her", "them", "it", "i", "we", "me", "us", "you", "who")
_POSSESSIVE = ("his", "hers", "their", "theirs", "its")
PRONOUNS = frozenset((*_PERSONAL, *_POSSESSIVE))
