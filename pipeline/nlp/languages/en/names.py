"""English words in and around names."""

import json
from collections.abc import Mapping
from importlib import resources

from pipeline.model.annotation import Gender
from pipeline.nlp.languages.en.fields import ROLE_FIELDS
from pipeline.nlp.languages.en.forenames import AMBIGUOUS_FORENAMES, FORENAMES
from pipeline.nlp.languages.en.name_evidence import EVIDENCE
from pipeline.nlp.languages.spec import NameData, Pronoun


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HONORIFICS: Mapping[str, Gender | None] = {
    "mr": "M", "mister": "M", "sir": "M", "lord": "M", "mrs": "F", "ms": "F", "miss": "F", "dame": "F", "lady": "F",
    "madam": "F", "madame": "F", "monsieur": "M", "mademoiselle": "F", "herr": "M", "frau": "F", "baroness": "F",
    "baron": "M", "dr": None, "prof": None, "professor": None, "rev": None,
    "reverend": None, "sen": None, "rep": None, "gov": None, "gen": None, "col": None, "sgt": None, "lt": None,
    "capt": None, "cllr": None, "hon": None, "det": None, "insp": None, "supt": None, "cpl": None, "cmdr": None,
    "adm": None, "brig": None, "mx": None, "sister": "F", "brother": "M", "fr": "M",
}  # fmt: skip

_TITLES: Mapping[str, Gender | None] = {
    "president": None, "minister": None, "premier": None, "chancellor": None, "secretary": None, "senator": None,
    "representative": None, "congressman": "M", "congresswoman": "F", "governor": None, "mayor": None, "judge": None,
    "justice": None, "general": None, "admiral": None, "colonel": None, "major": None, "captain": None,
    "lieutenant": None, "sergeant": None, "commissioner": None, "inspector": None, "superintendent": None,
    "constable": None, "detective": None, "sheriff": None, "officer": None, "chief": None, "director": None,
    "chairman": "M", "chairwoman": "F", "chair": None, "speaker": None, "councillor": None, "ambassador": None,
    "king": "M", "queen": "F", "prince": "M", "princess": "F", "duke": "M", "duchess": "F", "emperor": "M",
    "pope": "M", "archbishop": None, "bishop": None, "cardinal": "M", "father": "M", "imam": "M", "rabbi": None,
    "doctor": None, "coach": None, "attorney": None, "prosecutor": None, "leader": None, "spokesman": "M",
    "spokeswoman": "F", "spokesperson": None, "vice-president": None, "taoiseach": None, "sultan": "M",
    "sheikh": "M", "emir": "M", "ayatollah": "M", "marshal": None, "deputy": None, "envoy": None, "economist": None,
    "analyst": None, "actor": None, "actress": "F", "singer": None, "author": None, "candidate": None,
    "nominee": None, "dean": None, "provost": None, "commander": None, "corporal": None, "private": None,
    "democrat": None, "republican": None, "frontrunner": None, "founder": None, "editor": None,
    "governor-general": None, "referee": None, "lord-lieutenant": None, "tsar": "M",
    "administrator": None, "undersecretary": None, "comptroller": None,
    "midfielder": None, "striker": None, "defender": None, "goalkeeper": None, "boss": None, "manager": None,
}  # fmt: skip

_ROLES: Mapping[str, Gender | None] = {
    **_TITLES,
    "head": None, "reviewer": None, "executive": None, "ceo": None, "cfo": None, "coo": None, "lawyer": None,
    "solicitor": None, "barrister": None, "lecturer": None, "professor": None, "scientist": None, "researcher": None,
    "historian": None, "journalist": None, "reporter": None, "columnist": None, "presenter": None, "host": None,
    "commentator": None, "teacher": None, "headteacher": None, "nurse": None, "surgeon": None, "farmer": None,
    "activist": None, "campaigner": None, "organiser": None, "organizer": None, "politician": None,
    "businessman": "M", "businesswoman": "F", "billionaire": None, "owner": None, "partner": None, "adviser": None,
    "advisor": None, "aide": None, "strategist": None, "pollster": None, "lawmaker": None, "backbencher": None,
    "mp": None, "official": None, "diplomat": None, "soldier": None, "policeman": "M", "policewoman": "F",
    "player": None, "footballer": None, "athlete": None, "captain": None, "winner": None, "champion": None,
    "novelist": None, "writer": None, "poet": None, "painter": None, "musician": None, "composer": None,
    "physicist": None, "mathematician": None, "philosopher": None, "engineer": None, "architect": None,
    "wife": "F", "husband": "M", "mother": "F", "sister": "F", "brother": "M", "son": "M", "daughter": "F",
    "widow": "F",
    "widower": "M", "uncle": "M", "aunt": "F", "grandfather": "M", "grandmother": "F", "man": "M", "woman": "F",
    "boy": "M", "girl": "F", "resident": None, "witness": None, "victim": None, "suspect": None, "student": None,
    "agent": None, "steward": None,
    "expert": None, "critic": None, "contender": None, "rival": None, "incumbent": None, "veteran": None,
    "warden": None, "ranger": None, "curator": None, "treasurer": None, "trustee": None, "member": None,
    "neighbour": None, "neighbor": None, "substitute": None, "coxswain": None, "skipper": None, "winger": None,
    "referee": None, "umpire": None, "rider": None, "driver": None, "pilot": None, "pupil": None, "pensioner": None,
    "shopkeeper": None, "landlord": "M", "landlady": "F", "fisherman": "M", "firefighter": None, "paramedic": None,
    "coroner": None, "magistrate": None, "vicar": None, "chaplain": None, "headmaster": "M", "headmistress": "F",
    "volunteer": None, "survivor": None, "passenger": None, "commuter": None, "protester": None, "worker": None,
    "scotsman": "M", "englishman": "M", "frenchman": "M", "irishman": "M", "welshman": "M", "dutchman": "M",
    "frenchwoman": "F", "irishwoman": "F", "scotswoman": "F", "englishwoman": "F", "coordinator": None,
    "counsel": None, "whip": None, "hopeful": None, "mogul": None, "tycoon": None,
}  # fmt: skip

_PRONOUNS: Mapping[str, Pronoun] = {
    "he": Pronoun("person", "M"),
    "him": Pronoun("person", "M"),
    "his": Pronoun("person", "M"),
    "himself": Pronoun("person", "M", is_reflexive=True),
    "she": Pronoun("person", "F"),
    "her": Pronoun("person", "F"),
    "hers": Pronoun("person", "F"),
    "herself": Pronoun("person", "F", is_reflexive=True),
    "it": Pronoun("thing"),
    "its": Pronoun("thing"),
    "itself": Pronoun("thing", is_reflexive=True),
    "they": Pronoun("group"),
    "them": Pronoun("group"),
    "their": Pronoun("group"),
    "theirs": Pronoun("group"),
    "themselves": Pronoun("group", is_reflexive=True),
    "i": Pronoun("speaker"),
    "me": Pronoun("speaker"),
    "my": Pronoun("speaker"),
    "mine": Pronoun("speaker"),
    "myself": Pronoun("speaker", is_reflexive=True),
    "we": Pronoun("speakers"),
    "us": Pronoun("speakers"),
    "our": Pronoun("speakers"),
    "ours": Pronoun("speakers"),
    "ourselves": Pronoun("speakers", is_reflexive=True),
}

NAMES = NameData(
    evidence=EVIDENCE,
    articles=frozenset({"the", "a", "an"}),
    definite=frozenset({"the"}),
    honorifics=_HONORIFICS,
    titles=_TITLES,
    title_modifiers=_words(
        "prime vice deputy assistant associate chief acting former ex senior junior first second foreign home interior"
        " finance defence defense health education justice transport environment energy trade state district attorney"
        " police fire lieutenant brigadier rear field detective high supreme court crown house senate majority minority"
        " opposition party national general special shadow lord lady managing executive city county"
        " ch presidential republican democratic labour conservative liberal company team club head press campaign"
    ),
    roles=_ROLES,
    role_fields=ROLE_FIELDS,
    role_verbs=_words("be become appoint name elect serve remain crown"),
    numbers={"two": 2, "both": 2, "three": 3, "four": 4, "five": 5},
    definite_numbers=_words("both"),
    group_sizes={"pair": 2, "couple": 2, "duo": 2, "sisters": 2, "brothers": 2, "twins": 2, "trio": 3, "quartet": 4},
    joint_verbs=_words("marry wed divorce separate meet"),
    company_nouns=_words(
        "company firm retailer manufacturer airline operator publisher broadcaster club team band charity lender bank"
        " carmaker chain supplier developer supermarket brewer insurer"
    ),
    public_nouns=_words(
        "council court union unions nations ministry department committee commission parliament government police party"
        " army navy senate congress assembly tribunal university school college hospital church authority treasury"
        " federation association society league institute bureau times gazette herald tribune courier observer guardian"
        " telegraph journal chronicle reuters bbc watchdog inquiry office house"
    ),
    possessive_prepositions=_words("of"),
    country_nouns=_words("country nation state neighbour neighbor"),
    organisation_nouns=_words(
        "company firm police government ministry department agency council committee commission court party campaign"
        " union charity group team club university school hospital bank board bureau office authority association"
        " organisation organization network newspaper paper magazine station channel church army navy military"
        " administration parliament congress senate house embassy institute centre center foundation think-tank"
        " coalition federation regulator watchdog operator airline manufacturer retailer publisher service force museum"
        " gallery theatre library trust society alliance league college brewery observatory cathedral"
    ),
    document_nouns=_words(
        "report study audit survey poll statement letter email memo document paper analysis review release bill law"
        " order ruling indictment complaint lawsuit article editorial book post tweet message notice website ad"
        " transcript affidavit filing resolution inquiry research figures data headline sign banner caption"
    ),
    post_nominals=_words(
        "qc kc mp msp mep mbe obe cbe kbe phd md esq jr sr frs mla td am jd mba dbe ra bem msc bsc pc qpm"
    ),
    name_particles=_words("de da del della di la le van von der den bin ibn al el ben bint dos du ter abu"),
    company_suffixes=_words(
        "inc corp corporation co company ltd limited plc llc llp ag sa gmbh nv group holdings bank motors airlines"
        " news international technologies systems industries partners foundation university police party capital"
        " ventures energy media pharmaceuticals rail railways buses motors records pictures studios entertainment foods"
        " stores supermarkets homes oil mining steel chemicals telecom insurance logistics shipping aerospace software"
        " semiconductor semiconductors airlines"
    ),
    acronym_skips=_words("of and the for in on de & to"),
    months_and_days=_words(
        "january february march april may june july august september october november december monday tuesday"
        " wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sept oct nov dec spring summer"
    ),
    date_neighbours=_words(
        "in on last until since by next early late mid this during before after from through of every till"
    ),
    never_names=_words(
        "i he she it they we you mr mrs ms bc ad bce ce mps majesty highness excellency hrh easter christmas lent"
        " ramadan eid hanukkah passover halloween obituary analysis comment"
        " opinion exclusive interview review breaking monday tuesday wednesday"
        " thursday friday saturday sunday est gmt bst am pm"
        " q a reuters/ afp/ photo image video advertisement"
    ),
    forenames=FORENAMES,
    ambiguous_forenames=AMBIGUOUS_FORENAMES,
    pronouns=_PRONOUNS,
    empty_it_verbs=_words(
        "seem appear happen rain snow turn take matter come follow remain emerge transpire become help look sound"
    ),
    empty_it_nouns=_words("time shame pity fact question matter case day year first second third way"),
    pronoun_weights=json.loads(resources.files(__package__).joinpath("pronoun_weights.json").read_text("utf-8")),
)
