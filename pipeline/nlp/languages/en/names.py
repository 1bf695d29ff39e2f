"""English words in and around names: fields of life, forenames, evidence of types, titles, roles and pronouns."""

import json
from collections import defaultdict
from collections.abc import Mapping
from importlib import resources

from newslake.pipeline.model.annotation import Gender
from newslake.pipeline.nlp.languages.en.countries import COUNTRIES
from newslake.pipeline.nlp.languages.en.cues import CUES
from newslake.pipeline.nlp.languages.spec import NameData, NameEvidence, Pronoun
from newslake.pipeline.nlp.languages.spec_events import words

# Fields of life, by words for people and for what they do. Words that match every field are excluded.

_FIELD_WORDS = {
    "politics": """politician president minister premier chancellor senator congressman congresswoman representative
        mp msp meps mep parliamentarian lawmaker legislator governor mayor councillor councilor alderman deputy
        ambassador diplomat statesman stateswoman politics political parliament congress senate cabinet party election
        campaign minister's government democrat republican conservative labour monarch king queen prince princess
        emperor dictator""",
    "sport": """footballer striker midfielder defender goalkeeper winger batsman batter bowler cricketer wicketkeeper
        pitcher quarterback linebacker golfer swimmer sprinter runner athlete gymnast cyclist boxer wrestler jockey
        skier skater rower sailor tennis football soccer cricket rugby basketball baseball hockey golf athletics
        swimming cycling league goalkeeping coach referee umpire olympian olympic marathon tournament championship""",
    "arts": """actor actress singer songwriter musician composer conductor pianist violinist guitarist drummer rapper
        painter sculptor artist photographer architect dancer choreographer filmmaker screenwriter playwright dramatist
        poet novelist author writer illustrator comedian presenter film theatre opera album novel music musical
        soprano tenor designer""",
    "business": """businessman businesswoman entrepreneur executive ceo founder cofounder chairman chairwoman banker
        investor financier industrialist retailer trader shareholder billionaire tycoon company business economist
        accountant""",
    "science": """scientist physicist chemist biologist astronomer mathematician geologist botanist zoologist
        epidemiologist virologist immunologist neuroscientist psychologist researcher engineer inventor astronaut
        oceanographer climatologist physicist's science research laboratory professor academic historian philosopher
        archaeologist anthropologist sociologist linguist scholar""",
    "law": """lawyer solicitor barrister attorney judge justice prosecutor magistrate counsel jurist court law
        sheriff detective constable superintendent policeman policewoman police officer""",
    "military": """general admiral colonel major brigadier lieutenant sergeant corporal soldier commander marshal
        military army navy officer pilot""",
    "religion": """priest bishop archbishop cardinal pope imam rabbi pastor vicar monk nun theologian cleric saint
        church religious""",
    "medicine": """doctor physician surgeon nurse midwife psychiatrist paediatrician cardiologist dentist pharmacist
        medicine medical hospital""",
    "media": """journalist reporter editor broadcaster columnist correspondent newsreader anchor presenter blogger
        publisher""",
    "crafts": """farmer baker plumber carpenter builder electrician mechanic driver chef cook gardener fisherman
        shopkeeper teacher headteacher headmaster headmistress pupil student""",
}

_ROLE_FIELDS: Mapping[str, frozenset[str]] = {
    word: frozenset(field for field, listed in _FIELD_WORDS.items() if word in listed.split())
    for word in " ".join(_FIELD_WORDS.values()).split()
}


# Forenames with their gender: the census lists, overridden by our list from many countries.

_GENDERS: Mapping[str, Gender] = {"F": "F", "M": "M"}


def _sections(name: str) -> Mapping[str, frozenset[str]]:
    """Return the words of a data file by section; a header in brackets begins a section."""
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    words_of: defaultdict[str, set[str]] = defaultdict(set)
    header = ""
    for line in text.splitlines():
        if line.startswith("["):
            header = line.strip("[]")
        elif not line.startswith("#"):
            words_of[header].update(line.split())
    return {header: frozenset(listed) for header, listed in words_of.items()}


_CENSUS = _sections("forenames_census.txt")
_CURATED = _sections("forenames_own.txt")
_AMBIGUOUS_FORENAMES = (_CENSUS["F surname"] | _CENSUS["M surname"]) - _CURATED["F"] - _CURATED["M"]
_FORENAMES: Mapping[str, Gender] = {
    **{word: _GENDERS[header[0]] for header, listed in _CENSUS.items() if header for word in listed - _CURATED["U"]},
    **{word: gender for header, gender in _GENDERS.items() for word in _CURATED[header]},
}


# Words in and next to names that show their type.


def _words_by_type(**lists: str) -> dict[str, str]:
    return {word: entity_type for entity_type, listed in lists.items() for word in listed.split()}


def _surnames() -> frozenset[str]:
    lines = resources.files(__package__).joinpath("surnames_census.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


_KIN_NOUNS = words(
    "wife husband son daughter brother sister mother father parent parents child children widow cousin nephew niece"
    " uncle aunt grandfather grandmother grandson granddaughter father-in-law ex-wife ex-husband"
)

_EVIDENCE = NameEvidence(
    first_words=_words_by_type(
        LOC="lake lac mount mt river cape gulf lough loch isle strait",
        FAC="fort hotel",
        GPE="port",
        ORG="team fc afc real atletico sporting university radio banco studio gazeta",
        EVENT="hurricane storm typhoon cyclone operation",
        PRODUCT="hms uss hmas mv ss",
    ),
    last_words=_words_by_type(
        FAC="road street lane avenue bridge airport stadium station square boulevard highway tower hotel palace prison"
        " cathedral mosque museum gallery theatre theater library hospital hall pier dam tunnel arena barracks"
        " minster park gardens zoo school motorway expressway terminal plaza center centre"
        " garden inn lodge resort lounge hostel restaurant cafe drive crescent terrace barrack",
        LOC="river sea ocean island islands isles mountain mountains valley lake bay desert peninsula coast forest gulf"
        " strait canyon hills range basin archipelago reef glacier plateau canal beach pass springs falls creek",
        GPE="county province city kingdom empire republic township",
        ORG="university college academy institute party committee commission council ministry department"
        " agency authority police service bank group company corporation association federation union society"
        " foundation trust board bureau office court tribunal senate congress parliament assembly army navy force"
        " forces club league alliance coalition fund network orchestra choir ballet theatre-company church times"
        " gazette herald tribune dispatch post express examiner standard films telegraph guardian chronicle journal"
        " observer mail news inc corp ltd plc llc llp gmbh"
        " ag sa nv co airlines airways motors industries holdings technologies systems pharmaceuticals laboratories"
        " partners brothers sons fc afc cf united rovers wanderers athletic albion front brigade brigades militia"
        " movement press books records studios pictures entertainment capital ventures solutions energy travel"
        " ferries lines fm tv radio courier airlines subsea images"
        " quartet advisers advisors consulting consultants associates publishing publishers weekly operations branch"
        " division circuit",
        WORK_OF_ART="prize medal award trophy show podcast interview",
        LAW="act bill treaty constitution amendment convention",
        EVENT="war games olympics paralympics cup championship championships festival revolution uprising massacre"
        " crisis marathon prix awards race derby",
    ),
    of_heads=_words_by_type(
        ORG="university bank ministry department house court institute school college society church council"
        " confederation federation association league organisation organization chamber academy board office"
        " museum library",
        GPE="republic kingdom principality city duchy commonwealth emirate",
        LOC="gulf bay isle strait cape sea",
    ),
    of_words=frozenset({"of"}),
    joining_words=frozenset({"and"}),
    ranks=words(
        "constable sergeant inspector superintendent councillor congressman congresswoman lieutenant corporal detective"
    ),
    club_words=words("town united city rovers wanderers athletic albion county rangers fc afc hotspur harriers villa"),
    place_nouns=_words_by_type(
        GPE="city town village port republic nation province region state county country suburb borough parish"
        " municipality kingdom"
        " capital commune hamlet outskirts streets district hometown",
        LOC="river island isle valley coast territory pass peninsula lake",
    ),
    ruled_nouns=_words_by_type(
        GPE="mayor bishop archbishop resident residents native natives people inhabitants centre center outskirts"
        " streets council government"
    ),
    civic_nouns=words(
        "council councillor councillors hospital depot police station residents mayor town airport harbour lifeboat"
        " couple resident suburb coroner magistrates ward railway"
    ),
    place_things=words(
        "minister government parliament capital economy population streets coast border borders waterfront ambassador"
        " president mayor airport harbour army currency main"
    ),
    vessel_nouns=words(
        "ship ferry boat yacht vessel tanker trawler freighter frigate submarine liner destroyer lifeboat schooner"
        " spacecraft rocket satellite"
    ),
    firm_nouns=words(
        "company firm charity group bank airline newspaper magazine journal retailer manufacturer maker carmaker"
        " chipmaker publisher operator broadcaster brewery union party agency chain startup start-up watchdog app"
        " supermarket platform label station channel consultancy brokerage carrier insurer lender developer website"
    ),
    firm_roles=words("ceo cfo coo cto co-founder cofounder shareholders subsidiary shares"),
    work_kinds=words("novel film movie series sitcom musical album song podcast opera"),
    award_participles=words("winner winners winning nominated nominee"),
    telling_verbs=frozenset({"tell"}),
    viewing_verbs=words("see view review obtain"),
    firm_endings=words(
        "holdings inc corp ltd plc airlines airways motors ferries industries pharmaceuticals railways buses capital"
        " rail travel semiconductor foods stores homes energy media technologies systems entertainment shipping"
    ),
    thing_relatives=frozenset({"which"}),
    place_prepositions=frozenset({"in", "near", "throughout", "outside", "inside", "into", "across", "at", "past"}),
    weak_prepositions=frozenset({"in", "at"}),
    firm_prepositions=frozenset({"at"}),
    stake_nouns=words(
        "share stake interest invest investment investor confidence trust faith job role work believe believer hand"
        " appoint"
    ),
    person_verbs=words(
        "live write teach reside accompany bear die marry divorce wed retire graduate resign weep smile laugh cry"
        " sing star study wear sleep wake sit"
        " stand marvel shrug nod grin joke confess apologise apologize recall remember plead testify serve emigrate"
        " befriend kneel sob sigh act paint compose drown suffer dream bury behead jail imprison knight crown arrest"
        " injure murder assassinate dress sentence elect re-elect convict"
    ),
    work_verbs=words("write teach sing study wear paint compose act recall remember"),
    speech_verbs=frozenset(verb for verb, cue in CUES.verbs.items() if cue.cue_class == "speech"),
    reporting_verbs=frozenset(verb for verb, cue in CUES.verbs.items() if cue.weight >= 0.75),
    kin_nouns=_KIN_NOUNS,
    person_things=_KIN_NOUNS
    | words(
        "family friend friends girlfriend boyfriend partner lawyer lawyers attorney solicitor death birth life"
        " childhood career body face hand hands eyes voice hair smile marriage wedding funeral fiancee fiance lover"
        " mistress biography memoir memoirs teachings birthday home house heart"
    ),
    person_nouns=words("administration presidency era family campaign loyalist ally aide supporter biographer"),
    personal_pronouns=frozenset({"he", "she", "his", "her", "him", "himself", "herself"}),
    party_letters=frozenset({"D", "R", "I"}),
    surnames=_surnames(),
)


_HONORIFICS: Mapping[str, Gender | None] = {
    "mr": "M", "mister": "M", "sir": "M", "lord": "M", "mrs": "F", "ms": "F", "miss": "F", "dame": "F", "lady": "F",
    "madam": "F", "madame": "F", "monsieur": "M", "mademoiselle": "F", "herr": "M", "frau": "F", "baroness": "F",
    "baron": "M", "dr": None, "prof": None, "professor": None, "rev": None,
    "reverend": None, "sen": None, "rep": None, "gov": None, "gen": None, "col": None, "sgt": None, "lt": None,
    "capt": None, "cllr": None, "hon": None, "det": None, "insp": None, "supt": None, "cpl": None, "cmdr": None,
    "adm": None, "brig": None, "mx": None, "sister": "F", "brother": "M", "fr": "M",
    "ald": None, "adv": None, "mec": None, "datuk": "M", "seri": None, "dato": "M", "pastor": None, "msgr": "M",
    "amb": None,
    "hajiya": "F", "alhaji": "M", "señor": "M", "señora": "F", "signor": "M", "signora": "F", "messrs": "M",
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
    "administrator": None, "undersecretary": None, "comptroller": None, "assemblyman": "M", "assemblywoman": "F",
    "assemblymember": None, "assessor": None, "alderman": "M", "alderwoman": "F",
    "advocate": None, "supervisor": None, "prophet": None, "trooper": None, "defendant": None,
    "midfielder": None, "striker": None, "defender": None, "goalkeeper": None, "boss": None, "manager": None,
}  # fmt: skip

_TITLE_NOUNS: Mapping[str, tuple[str, ...]] = {
    "dr": ("doctor",), "prof": ("professor", "academic"), "professor": ("professor", "academic"),
    "rev": ("reverend", "vicar"), "reverend": ("reverend", "vicar"), "pastor": ("pastor",), "sen": ("senator",),
    "rep": ("representative",), "gov": ("governor",), "cllr": ("councillor",), "mec": ("mec",), "amb": ("ambassador",),
    "adv": ("advocate",), "gen": ("general",), "adm": ("admiral",), "col": ("colonel",), "cmdr": ("commander",),
    "capt": ("captain",), "lt": ("lieutenant",), "sgt": ("sergeant",), "cpl": ("corporal",),
    "det": ("detective",), "detective": ("detective",), "insp": ("inspector",), "supt": ("superintendent",),
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
    "expert": None, "critic": None, "contender": None, "challenger": None, "rival": None, "incumbent": None,
    "veteran": None,
    "warden": None, "ranger": None, "curator": None, "treasurer": None, "trustee": None, "member": None,
    "neighbour": None, "neighbor": None, "substitute": None, "coxswain": None, "skipper": None, "winger": None,
    "referee": None, "umpire": None, "rider": None, "driver": None, "pilot": None, "pupil": None, "pensioner": None,
    "shopkeeper": None, "landlord": "M", "landlady": "F", "fisherman": "M", "firefighter": None, "paramedic": None,
    "coroner": None, "magistrate": None, "vicar": None, "chaplain": None, "headmaster": "M", "headmistress": "F",
    "volunteer": None, "survivor": None, "passenger": None, "commuter": None, "protester": None, "worker": None,
    "scotsman": "M", "englishman": "M", "frenchman": "M", "irishman": "M", "welshman": "M", "dutchman": "M",
    "frenchwoman": "F", "irishwoman": "F", "scotswoman": "F", "englishwoman": "F", "coordinator": None,
    "counsel": None, "whip": None, "hopeful": None, "mogul": None, "tycoon": None,
    "nephew": "M", "niece": "F", "girlfriend": "F", "boyfriend": "M", "grandson": "M", "granddaughter": "F",
}  # fmt: skip

_OCCUPATIONS = """friend employee colleague consultant clerk photographer designer developer programmer psychologist
    psychiatrist sociologist anthropologist archaeologist biologist chemist geologist astronomer epidemiologist
    virologist ecologist climatologist meteorologist linguist theologian scholar academic librarian translator
    interpreter investigator inventor entrepreneur financier investor banker accountant lobbyist blogger
    podcaster broadcaster songwriter pianist violinist cellist guitarist drummer saxophonist rapper vocalist
    conductor choreographer filmmaker screenwriter playwright dramatist comedian dancer sculptor artist
    cartoonist illustrator chef baker plumber carpenter electrician mechanic gardener midwife physician
    cardiologist paediatrician pediatrician dentist pharmacist veterinarian priest monk nun quarterback
    linebacker pitcher batsman cricketer bowler golfer swimmer sprinter runner gymnast cyclist boxer wrestler
    jockey skier skater astronaut plaintiff ringleader intern laureate oligarch guru mec msp"""

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
    evidence=_EVIDENCE,
    countries=COUNTRIES,
    articles=frozenset({"the", "a", "an"}),
    definite=frozenset({"the"}),
    indefinite=words("a an another one each every no"),
    enclosing_prepositions=words("in on with"),
    place_prepositions=words("in at near"),
    decades=words("teens twenties thirties forties fifties sixties seventies eighties nineties"),
    honorifics=_HONORIFICS,
    titles=_TITLES,
    title_modifiers=words(
        "prime vice deputy assistant associate chief acting former ex senior junior first second foreign home interior"
        " finance defence defense health education justice transport environment energy trade state district attorney"
        " police fire lieutenant brigadier rear field detective high supreme court crown house senate majority minority"
        " opposition party national general special shadow lord lady managing executive city county"
        " ch presidential republican democratic labour conservative liberal company team club head press campaign"
        " wing"
    ),
    roles=_ROLES,
    occupations=words(_OCCUPATIONS),
    role_fields=_ROLE_FIELDS,
    role_verbs=words("be become appoint name elect serve remain crown"),
    title_nouns=_TITLE_NOUNS,
    role_titles=words("sen rep gov cllr mec amb gen adm col cmdr capt lt sgt cpl det insp supt"),
    naming_words=words("named called"),
    condition_words=words("if unless whether"),
    person_suffixes=(
        "er",
        "or",
        "ist",
        "ian",
        "man",
        "woman",
        "person",
        "eer",
        "ee",
        "yst",
        "chief",
        "friend",
        "child",
        "mum",
        "mom",
        "dad",
        "plaintiff",
        "part",
        "kid",
        "wife",
        "son",
    ),
    work_nouns=words(
        "series show film movie drama song single album track novel book play musical documentary podcast programme"
        " program campaign administration ship yacht exhibition wing"
    ),
    adjunct_prepositions=words("since during until till after before while as because that if like whose despite amid"),
    manner_prepositions=words("with"),
    time_nouns=words("time moment day year beginning end"),
    numbers={"two": 2, "both": 2, "three": 3, "four": 4, "five": 5},
    definite_numbers=words("both"),
    group_sizes={"pair": 2, "couple": 2, "duo": 2, "sisters": 2, "brothers": 2, "twins": 2, "trio": 3, "quartet": 4},
    joint_verbs=words("marry wed divorce separate meet"),
    joint_states=words("related married engaged divorced siblings twins spouses sisters brothers cousins classmates"),
    distributives=words("neither both each"),
    interview_words=words("interview q&a"),
    interview_prepositions=words("with to"),
    talk_verbs=words("speak talk chat discuss answer"),
    second_person=words("you your yours yourself"),
    first_person=words("i me my mine myself we us our ours ourselves"),
    counterpart_nouns=words("counterpart"),
    company_nouns=words(
        "company firm retailer manufacturer airline operator publisher broadcaster club team band charity lender bank"
        " carmaker chain supplier developer supermarket brewer insurer"
    ),
    public_nouns=words(
        "council court union unions nations ministry department committee commission parliament government police party"
        " army navy senate congress assembly tribunal university school college hospital church authority treasury"
        " federation association society league institute bureau times gazette herald tribune courier observer guardian"
        " telegraph journal chronicle reuters bbc watchdog inquiry office house"
    ),
    possessive_prepositions=words("of"),
    country_nouns=words("country nation state neighbour neighbor"),
    organisation_nouns=words(
        "company firm police government ministry department agency council committee commission court party campaign"
        " union charity group team club university school hospital bank board bureau office authority association"
        " organisation organization network newspaper paper magazine station channel church army navy military"
        " administration parliament congress senate house embassy institute centre center foundation think-tank"
        " coalition federation regulator watchdog operator airline manufacturer retailer publisher service force museum"
        " gallery theatre library trust society alliance league college brewery observatory cathedral"
    ),
    organisation_kinds={
        noun: words(listed)
        for nouns, listed in (
            (
                "newspaper paper daily tabloid",
                "times gazette herald tribune post mail guardian telegraph journal chronicle courier observer"
                " independent express mirror standard dispatch examiner globe newspaper paper daily tabloid",
            ),
            ("magazine", "magazine weekly review"),
            ("broadcaster network channel station", "bbc cnn nbc abc cbs itv sky broadcasting tv radio news"),
            ("army military", "army military forces defence defense"),
            ("party", "democrats greens conservatives labour republicans"),
            ("department ministry", "dept office"),
            ("agency", "administration authority bureau service"),
            ("regulator watchdog", "authority commission agency office board"),
            ("association federation", "association federation society league confederation"),
            ("charity", "trust foundation society"),
            ("airline", "airlines airways air"),
            ("university", "college institute"),
        )
        for noun in nouns.split()
    },
    any_organisation=words("group organisation organization body"),
    acronym_nouns=words(
        "agency union body federation association charity party regulator watchdog network broadcaster airline"
        " department force institute council"
    ),
    trade_nouns=words(
        "retailer manufacturer operator publisher broadcaster lender carmaker maker chain supplier developer brewer"
        " insurer"
    ),
    document_nouns=words(
        "brief manifest yearbook dossier communique manifesto blog column diary memoir autobiography prospectus"
        " report study audit survey poll statement letter email memo document paper analysis review release bill law"
        " order ruling indictment complaint lawsuit article editorial book post tweet message notice website ad"
        " transcript affidavit filing resolution inquiry research figures data headline sign banner caption"
        " brochure guidance guideline guide handbook leaflet flyer pamphlet poster placard sticker plaque inscription"
        " note text comment story account estimate forecast summary newsletter bulletin briefing catalogue abstract"
        " agenda constitution clause contract draft list verdict verse song lyric script slogan"
        " questionnaire press-release handout circular advert advertisement commercial"
        " film podcast website webpage page video map chart table graphic index ranking dataset database log record"
        " proposal policy budget treaty deal agreement accord code manual textbook warrant petition motion amendment"
        " application thread screenshot label advisory alert warning prediction projection preprint thesis model suit"
        " summons subpoena testimony statistic assessment evaluation census profile description trailer"
        " biography obituary essay op-ed speech remark announcement declaration decree edict directive regulation"
        " instruction rulebook charter covenant diagnosis certificate invoice receipt registry ledger archive"
        " legislation paperwork literature wording recording readout blurb faq sheet update posting entry whitepaper"
        " bio proverb scripture spot factsheet primer dispatch finding rating listing"
    ),
    figure_nouns=words("data datum figure statistic estimate forecast projection reporting polling"),
    post_nominals=words(
        "qc kc mp msp mep mbe obe cbe kbe phd md esq jr sr frs mla td am jd mba dbe ra bem msc bsc pc qpm"
    ),
    generations=words("jr sr"),
    name_particles=words("de da del della di la le van von der den bin ibn al el ben bint dos du ter abu"),
    company_suffixes=words(
        "inc corp corporation co company ltd limited plc llc llp ag sa gmbh nv group holdings bank motors airlines"
        " news international technologies systems industries partners foundation university party capital"
        " ventures energy media pharmaceuticals rail railways buses motors records pictures studios entertainment foods"
        " stores supermarkets homes oil mining steel chemicals telecom insurance logistics shipping aerospace software"
        " semiconductor semiconductors airlines"
    ),
    acronym_skips=words("of and the for in on de & to"),
    months_and_days=words(
        "january february march april may june july august september october november december monday tuesday"
        " wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sept oct nov dec spring summer"
    ),
    date_neighbours=words(
        "in on last until since by next early late mid this during before after from through of every till"
    ),
    never_names=words(
        "i he she it they we you mr mrs ms bc ad bce ce mps majesty highness excellency hrh easter christmas lent"
        " ramadan eid hanukkah passover halloween obituary analysis comment"
        " opinion exclusive interview review breaking monday tuesday wednesday"
        " thursday friday saturday sunday est gmt bst am pm fahrenheit celsius"
        " q a o.k ok reuters/ afp/ photo image video advertisement submitted staff contributed courtesy handout"
    ),
    forenames=_FORENAMES,
    ambiguous_forenames=_AMBIGUOUS_FORENAMES,
    pronouns=_PRONOUNS,
    empty_it_verbs=words(
        "seem appear happen rain snow turn take matter come follow remain emerge transpire become help look sound"
    ),
    empty_it_nouns=words("time shame pity fact question matter case day year first second third way"),
    pronoun_weights=json.loads(resources.files(__package__).joinpath("pronoun_weights.json").read_text("utf-8")),
)
