"""English words in and around names. The forename list is our own choice of common names, not taken from any file."""

from collections.abc import Mapping

from pipeline.model.annotation import Gender
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
    "wife": "F", "husband": "M", "mother": "F", "son": "M", "daughter": "F", "widow": "F",
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

_FEMALE = """
abigail ada adele agnes aisha alexandra alice alicia alison amanda amber amelia amina amy ana andrea angela anita ann
anna anne annette annie antonia audrey barbara beatrice bella bernadette beth betty beverly brenda bridget camilla
carla carly carmen carol caroline carolyn catherine cathy cecilia celia charlotte cheryl chiara chloe christina
christine claire clara claudia connie cynthia daisy daniela deborah debbie debra denise diana diane dolores donna
doris dorothy edith eileen elaine eleanor elena elisabeth elise eliza elizabeth ella ellen elsa emily emma erica erika
esther ethel eva evelyn fatima felicity fiona flora florence frances francesca freya gabriela gabrielle georgia
georgina geraldine gillian gina giulia gloria grace greta gwen hannah harriet hazel heather heidi helen helena
henrietta hilary hillary holly ida imogen ines ingrid irene irina iris isabel isabella isabelle jacqueline jane janet
janice jasmine jean jeanette jemima jennifer jenny jessica jill jo joan joanna joanne josephine joyce judith judy
julia juliana julie juliet june karen kate katherine kathleen kathryn kathy katie katrina kayla kelly kerry kirsten
kristen laila lara laura lauren leah leila lena leonora lesley liliana lilian lillian lily linda lisa liz lois lola
lorraine louisa louise lucia lucy lydia lynn mabel madeleine madison maggie margaret margarita maria mariam marian
marianne marie marilyn marina marjorie martha mary matilda maud maureen maya megan melania melanie melinda melissa mia
michelle mildred miranda miriam molly monica muriel myrtle nadia nancy naomi natalia natalie natasha nicola nicole
nina noor nora norma olga olivia pamela patricia patty paula pauline penelope penny petra philippa phoebe phyllis
polly priscilla priya rachel raquel rebecca regina renee rhoda rita roberta rosa rosalind rose rosemary rosie ruby
ruth sabrina sally samantha sandra sara sarah serena shannon sharon sheila shirley silvia simone sofia sonia sophia
sophie stella stephanie susan susanna suzanne sylvia tamara tanya tara teresa theresa tina tracy ursula valentina
valerie vanessa vera veronica victoria viola violet virginia vivian wendy winifred yasmin yolanda yvette yvonne zoe
aoife siobhan niamh angelina condoleezza kamala malala oprah ivanka huma meryl venus beyonce rihanna svetlana tatiana
ludmila mei yuki ayesha zainab khadija ngozi amara lakshmi indira sonali anjali deepa sunita nirmala benazir aung
michaela gretchen sigrid astrid maren
"""

_MALE = """
aaron abdul abdullah abraham adam adrian ahmed aidan alan albert alberto alejandro alessandro alex alexander alfred
ali alistair allan allen alvin amir anders andre andreas andrew andy angus anthony antonio archie arnold arthur asif
austin barack barney barry bartholomew basil ben benedict benjamin bernard bernie bert bill billy bob bobby boris brad
bradley brandon brendan brian bruce bruno bryan byron callum calvin cameron carl carlos cecil cesar charles charlie
chester chris christian christopher clarence claude clement clifford clint clive colin conor craig curtis cyril damian
dan daniel danny darren dave david dean declan denis dennis derek desmond diego dmitri dominic don donald douglas
duncan dwight dylan earl ed eddie edgar edmund eduardo edward edwin elias elijah elliot emanuel emil emmanuel enrico
eric ernest ethan eugene evan ewan felipe felix ferdinand fernando finn floyd francesco francis francisco francois
frank franklin fred freddie frederick gabriel gareth gary gavin geoffrey george gerald gerard gerhard gilbert giles
giovanni giuseppe glen glenn gordon graham grant greg gregory guillermo gus guy hamid hans harold harry harvey hassan
hector helmut henri henry herbert herman howard hugh hugo humphrey hussein ian ibrahim igor imran isaac ivan jack
jacob jacques jake jamal james jamie jared jason javier jeb jeff jeffrey jeremy jerome jerry jesse jim jimmy joachim
joe joel johan johann johannes john johnny jon jonathan jorge jose joseph joshua juan jules julian julio justin kareem
karl keith ken kenneth kevin khalid klaus kurt kyle lance larry laurence lawrence lee leo leon leonard leonardo
leopold leroy leslie lewis liam lionel lloyd louis luca lucas ludwig luigi luis luke mahmoud malcolm manuel marc
marcel marco marcus mario mark marshall martin marvin mathew matt matteo matthew maurice max maximilian maxwell melvin
michael miguel mike mikhail milton mitch mitt mohamed mohammad mohammed morgan morris moses muhammad mustafa nathan
nathaniel neil nelson nicholas nick nicolas nigel noah noel norman oleg oliver omar oscar otto owen pablo patrick paul
pedro percy perry peter phil philip philippe phillip pierre piers rafael ralph ramon randall randy raul ray raymond
reginald rex reuben ricardo richard rick robert roberto robin rodney rodrigo roger roland rolf roman ron ronald rory
ross rowan roy rudolf rupert russell ryan salman salvador sam samuel saul scott sean sebastian serge sergei sergio
seth shane sidney silvio simon spencer stanley stefan stephen steve steven stewart stuart sven ted terence terry theo
theodore thomas tim timothy toby todd tom tommy tony trevor tristan tyler umberto victor vincent vincenzo vladimir
walter warren wayne wesley wilfred wilhelm will william willie winston wolfgang xavier yusuf yuri zachary recep recip
narendra xi hiroshi kenji takeshi kofi olu chidi emeka rajiv rahul sanjay vikram arjun ravi anil bashar binyamin ehud
jean-claude jean-luc jean-pierre jean-marc nils lars magnus gunnar bjorn jens marek piotr pawel tomasz janusz viktor
alexei nikolai dmitry petro volodymyr anton chuck
"""

_FORENAMES: Mapping[str, Gender] = {
    **dict.fromkeys(_MALE.split(), "M"),
    **dict.fromkeys(_FEMALE.split(), "F"),
}  # fmt: skip

_PRONOUNS: Mapping[str, Pronoun] = {
    "he": Pronoun("person", "M"),
    "him": Pronoun("person", "M"),
    "his": Pronoun("person", "M", is_possessive=True),
    "himself": Pronoun("person", "M", is_reflexive=True),
    "she": Pronoun("person", "F"),
    "her": Pronoun("person", "F", is_possessive=True),
    "hers": Pronoun("person", "F"),
    "herself": Pronoun("person", "F", is_reflexive=True),
    "it": Pronoun("thing"),
    "its": Pronoun("thing", is_possessive=True),
    "itself": Pronoun("thing", is_reflexive=True),
    "they": Pronoun("group"),
    "them": Pronoun("group"),
    "their": Pronoun("group", is_possessive=True),
    "theirs": Pronoun("group"),
    "themselves": Pronoun("group", is_reflexive=True),
    "i": Pronoun("speaker"),
    "me": Pronoun("speaker"),
    "my": Pronoun("speaker", is_possessive=True),
    "mine": Pronoun("speaker"),
    "myself": Pronoun("speaker", is_reflexive=True),
    "we": Pronoun("speakers"),
    "us": Pronoun("speakers"),
    "our": Pronoun("speakers", is_possessive=True),
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
        " presidential republican democratic labour conservative liberal company team club head press campaign"
    ),
    roles=_ROLES,
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
    forenames=_FORENAMES,
    pronouns=_PRONOUNS,
    empty_it_verbs=_words(
        "seem appear happen rain snow turn take matter come follow remain emerge transpire become help look sound"
    ),
    empty_it_nouns=_words("time shame pity fact question matter case day year first second third way"),
)
