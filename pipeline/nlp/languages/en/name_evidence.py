"""English words that tell people, places and organisations apart."""

from importlib import resources

from pipeline.nlp.languages.spec import NameEvidence


def _words_by_type(**words: str) -> dict[str, str]:
    return {word: entity_type for entity_type, listed in words.items() for word in listed.split()}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _surnames() -> frozenset[str]:
    lines = resources.files(__package__).joinpath("surnames_census.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


EVIDENCE = NameEvidence(
    first_words=_words_by_type(
        LOC="lake mount mt river cape gulf lough loch isle strait",
        FAC="fort hotel",
        GPE="port",
        ORG="team fc afc real atletico sporting university radio banco",
        EVENT="hurricane storm typhoon cyclone operation",
        PRODUCT="hms uss hmas mv ss",
    ),
    last_words=_words_by_type(
        FAC="road street lane avenue bridge airport stadium station square boulevard highway tower hotel palace prison"
        " cathedral mosque museum gallery theatre theater library hospital hall pier dam tunnel arena barracks"
        " minster park gardens zoo school motorway expressway terminal plaza",
        LOC="river sea ocean island islands isles mountain mountains valley lake bay desert peninsula coast forest gulf"
        " strait canyon hills range basin archipelago reef glacier plateau canal beach",
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
        " ferries lines fm tv radio courier airlines subsea",
        WORK_OF_ART="prize medal",
        LAW="act bill treaty constitution amendment convention",
        EVENT="war games olympics paralympics cup championship championships festival revolution uprising massacre"
        " crisis marathon prix",
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
    ranks=_words(
        "constable sergeant inspector superintendent councillor congressman congresswoman lieutenant corporal detective"
    ),
    club_words=_words("town united city rovers wanderers athletic albion county rangers fc afc hotspur harriers villa"),
    place_nouns=_words_by_type(
        GPE="city town village port republic nation province region state county country suburb borough parish"
        " municipality kingdom"
        " capital commune hamlet outskirts streets district",
        LOC="river island isle valley coast territory pass peninsula lake",
    ),
    ruled_nouns=_words_by_type(
        GPE="mayor bishop archbishop residents people inhabitants centre center outskirts streets council government"
    ),
    civic_nouns=_words(
        "council councillor councillors hospital depot police station residents mayor town airport harbour lifeboat"
        " couple resident suburb coroner magistrates ward railway"
    ),
    place_things=_words(
        "minister government parliament capital economy population streets coast border borders waterfront ambassador"
        " president mayor airport harbour army currency main"
    ),
    vessel_nouns=_words(
        "ship ferry boat yacht vessel tanker trawler freighter frigate submarine liner destroyer lifeboat schooner"
        " spacecraft rocket satellite"
    ),
    firm_nouns=_words(
        "company firm charity group bank airline newspaper magazine journal retailer manufacturer maker carmaker"
        " chipmaker publisher operator broadcaster brewery union party agency chain startup start-up watchdog app"
        " supermarket consultancy brokerage carrier insurer lender developer website"
    ),
    firm_endings=_words(
        "holdings inc corp ltd plc airlines airways motors ferries industries pharmaceuticals railways buses capital"
        " rail travel semiconductor foods stores homes energy media technologies systems entertainment shipping"
    ),
    thing_relatives=frozenset({"which"}),
    place_prepositions=frozenset({"in", "near", "throughout", "outside", "inside", "into", "across", "at", "past"}),
    weak_prepositions=frozenset({"in", "at"}),
    firm_prepositions=frozenset({"at"}),
    stake_nouns=_words(
        "share stake interest invest investment investor confidence trust faith job role work believe believer hand"
        " appoint"
    ),
    person_verbs=_words(
        "live write teach reside accompany bear die marry divorce wed retire graduate resign weep smile laugh cry"
        " sing star study wear sleep wake sit"
        " stand marvel shrug nod grin joke confess apologise apologize recall remember plead testify serve emigrate"
        " befriend kneel sob sigh act paint compose drown suffer dream bury behead jail imprison knight crown arrest"
        " injure murder assassinate dress sentence elect re-elect convict"
    ),
    person_things=_words(
        "wife husband son daughter brother sister mother father parent parents child children family friend friends"
        " girlfriend boyfriend widow partner cousin nephew niece uncle aunt grandfather grandmother grandson"
        " granddaughter lawyer lawyers attorney solicitor death birth life childhood career body face hand hands eyes"
        " voice hair smile marriage wedding funeral widow fiancee fiance lover mistress ex-wife ex-husband"
        " biography memoir memoirs teachings father-in-law birthday home house heart"
    ),
    person_nouns=_words("administration presidency era family campaign loyalist ally aide supporter biographer"),
    personal_pronouns=frozenset({"he", "she", "his", "her", "him", "himself", "herself"}),
    party_letters=frozenset({"D", "R", "I"}),
    surnames=_surnames(),
)
