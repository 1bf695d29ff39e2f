"""Which fields of life words for people, and for what they do, belong to. Words that fit every field are left out."""

from collections.abc import Mapping

_WORDS = {
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

ROLE_FIELDS: Mapping[str, frozenset[str]] = {
    word: frozenset(field for field, words in _WORDS.items() if word in words.split())
    for word in " ".join(_WORDS.values()).split()
}
