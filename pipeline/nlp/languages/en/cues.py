"""English cues (reporting words): class, weight, and stance towards the reported words."""

import json
from collections.abc import Iterator, Mapping
from importlib import resources

from newslake.pipeline.model.annotation import CueStance
from newslake.pipeline.nlp.languages.logistic_regression import LogisticRegression
from newslake.pipeline.nlp.languages.spec import Cue, CueClass, CueData
from newslake.pipeline.nlp.languages.spec_events import words


def _cues(cue_class: CueClass, weight: float, stance: CueStance, listed: str) -> Iterator[tuple[str, Cue]]:
    yield from ((word, Cue(cue_class, weight, stance)) for word in listed.split())


_VERBS: Mapping[str, Cue] = dict((
    *_cues("speech", 1.0, "neutral", "say tell"),
    *_cues("speech", 0.9, "neutral", """
        add reply respond remark comment quip explain declare proclaim announce state note continue conclude joke recall
        observe exclaim recount opine muse retort"""),
    *_cues("speech", 0.75, "neutral", """
        ask answer quote warn argue insist urge stress reiterate predict suggest emphasize emphasise lament complain
        caution describe mention testify vow pledge advise inform assure reassure remind elaborate interject interrupt
        shout yell scream whisper murmur sigh gush rant whine grumble fume thunder blast slam decry deride mock jeer
        boast brag plead beg demand deny rebut counter object protest dispute deplore denounce condemn criticize
        criticise praise hail applaud tout brand dub label call accuse apologise apologize confess concede acknowledge
        admit affirm assert contend maintain allege claim recommend propose promise swear threaten query question
        wonder inquire enquire echo repeat clarify specify summarise summarize venture speculate volunteer estimate
        forecast report rule find confirm disclose reveal relay report chant sing rail intone deadpan preach lecture
        scold chide rebuke ridicule characterize characterise highlight portray liken compare refer cite invoke discuss
        point confide posit theorise theorize"""),
    *_cues("speech", 0.35, "neutral", """
        go open begin start finish end speak talk thank greet congratulate encourage support push press lead lobby laugh
        smile grin nod shrug appear show mean"""),
    *_cues("speech", 0.45, "neutral", """
        offer welcome invite dismiss reject refuse oppose endorse defend justify attack challenge advocate bemoan cheer
        celebrate share"""),
    *_cues("speech", 0.7, "neutral", "imply indicate agree hint signal notify relate project recognise recognize"),
    *_cues("speech", 0.5, "neutral", "blame identify nickname lambast lambaste rip bash bill"),
    *_cues("speech", 0.8, "distance", "claim allege contend maintain insist boast profess purport assert brag"),
    *_cues("speech", 0.8, "approval", "confirm acknowledge admit concede reveal disclose explain clarify note"),
    *_cues("writing", 0.85, "neutral", """
        write tweet post retweet blog read publish email text caption pen type scrawl sign scribble message"""),
    *_cues("thought", 0.5, "neutral", """
        think believe feel hope expect fear worry suspect imagine guess assume doubt wish"""),
    *_cues("thought", 0.4, "neutral", """
        know consider realise realize decide figure understand want intend love hate"""),
))  # fmt: skip

_PHRASAL = {
    (verb, particle): Cue("speech", 0.8, "neutral")
    for particle, verbs in (
        ("back", "fire shoot hit snap push clap bite strike bark write text fling volley punch"),
        ("in", "weigh chime chip cut butt"),
        ("out", "blurt cry call lash hit spell bellow"),
        ("on", "go"),
        ("up", "sum speak"),
        ("off", "rattle sound"),
        ("it", "put"),
    )
    for verb in verbs.split()
}

_NOUNS: Mapping[str, Cue] = dict((
    *_cues("speech", 0.7, "neutral", """
        statement message comment remark word speech answer response reply argument warning promise call pledge vow
        question announcement declaration explanation description testimony reminder prediction refrain motto slogan
        complaint criticism insistence assurance conclusion advice apology"""),
    *_cues("speech", 0.7, "distance", "claim allegation assertion accusation suggestion contention"),
    *_cues("speech", 0.6, "approval", "admission confirmation acknowledgement revelation"),
    *_cues("writing", 0.7, "neutral", "tweet post letter email memo article note editorial report release caption"),
    *_cues("thought", 0.4, "neutral", "belief view opinion hope fear idea notion feeling concern thought"),
))  # fmt: skip

_ADJECTIVES: Mapping[str, Cue] = dict((
    *_cues("speech", 0.8, "neutral", "adamant insistent emphatic"),
    *_cues("thought", 0.5, "neutral", """
        sure certain confident convinced hopeful optimistic pessimistic doubtful sceptical skeptical worried concerned
        afraid fearful"""),
))  # fmt: skip

CUES = CueData(
    verbs=_VERBS,
    phrasal=_PHRASAL,
    nouns=_NOUNS,
    adjectives=_ADJECTIVES,
    characterizing={
        verb: frozenset({link})
        for link, verbs in (
            ("as", "call describe portray characterize characterise label brand dub denounce condemn deride cite hail"),
            ("to", "liken compare"),
        )
        for verb in verbs.split()
    },
    reflexives=words("myself yourself himself herself itself ourselves themselves"),
    admitting=words("deny admit acknowledge confess report recall remember describe"),
    addressed=words("tell inform notify assure remind warn ask advise urge promise reassure text email message show"),
    addressing=frozenset({"to", "with"}),
    blaming=frozenset({"as", "of"}),
    crediting=frozenset({"for"}),
    blamed=words("say tell call describe claim brand label dub tweet write post text"),
    barring=frozenset({"from"}),
    lacking=frozenset({"without"}),
    committing=words("promise vow pledge swear threaten"),
    withholding=words("decline refuse refrain fail"),
    negations=frozenset({"not", "n't", "n’t"}),
    elaborating=words("provide give offer elaborate specify say disclose comment detail"),
    contrasts=frozenset({"but"}),
    nobody=words("no nobody none neither"),
    impersonal=frozenset({"it"}),
    comparing=frozenset({"than"}),
    asking=words("ask wonder question inquire enquire query"),
    evidence_verbs=words("show indicate reveal suggest find"),
    agentive_verbs=words(
        "show indicate reveal suggest find imply hint signal mean demand threaten confirm explain illustrate continue"
    ),
    demonstratives=words("that this all"),
    speaking_nouns=words(
        "police people family source analyst colleague friend employee ally supporter opponent voter customer parent"
        " staff crew jury prosecutor investigator doctor adviser insider organiser politician mp lawmaker democrat"
        " republican tory minister leader chief boss fan user owner tenant villager islander local relative peer other"
        " some many most other speaker caller correspondent applicant defendant plaintiff claimant complainant"
        " lady gentleman guy cop bloke mate couple pair duo trio guest client patient adult teen star celebrity priest"
        " nun monk chef clerk refugee delegate public crowd audience side camp prosecution defence defense majority"
        " minority delegation media press outlet industry fed academic parent aunt cousin niece nephew bride groom hero"
        " heir individual one folk youth aide cast coach judge tribe nurse spouse rep someone"
        " somebody everyone everybody troll disciple community movement right left"
        " scholar fellow none circle"
    ),
    evidence=words(
        "record poll survey report study data datum figure document analysis review research statistic audit email"
        " memo filing letter census result evidence file log test inquiry investigation polling outcome transcript"
        " ledger"
    ),
    naming=words("call dub brand label describe portray characterize characterise term"),
    labels=words("call dub brand label know title entitle name nickname bill headline style term code-name"),
    naming_links=frozenset({"as", "of"}),
    complementisers=frozenset({"that", "whether", "if", "how", "why", "what"}),
    source_phrases=frozenset({("according", "to")}),
    origin_prepositions=frozenset({"of", "by", "from"}),
    topic_prepositions=frozenset({"about", "of", "over", "against"}),
    aside_marks=frozenset({"as"}),
    medium_prepositions=frozenset({"in", "on", "during", "at", "via", "to", "with"}),
    medium_words=words(
        "interview statement letter email tweet post speech article editorial column blog memo release conference"
        " briefing broadcast programme program show podcast message report op-ed essay facebook twitter instagram"
        " testimony address debate rally video book"
    ),
    statement_nouns=words("statement letter email message note memo post tweet apology text release response speech"),
    reading_verbs=words("read say state go write continue begin conclude run"),
    full_phrases=frozenset({("in", "full"), ("in", "part")}),
    first_person=words("i we my our me us 's ’s"),
    turn_labels=words("q a question answer"),
    anybody=words("anyone anybody nobody this something anything nothing"),
    bystanders=words(
        "judge lawyer attorney solicitor barrister prosecutor counsel magistrate coroner officer detective inspector"
        " constable sergeant trooper policeman policewoman investigator inquirer reporter journalist interviewer host"
        " presenter correspondent columnist moderator spokesman spokeswoman spokesperson official witness victim"
        " suspect defendant owner man woman boy girl doctor nurse surgeon adviser advisor aide agent source insider"
        " expert analyst critic neighbour neighbor passenger driver resident member student pupil teacher worker"
        " employee colleague friend relative mother father brother sister wife husband son daughter partner person user"
        " customer caller reader viewer commenter follower steward paramedic firefighter soldier volunteer voter"
    ),
    past_roles=words("former ex then late ex- previous outgoing onetime one-time retired"),
    introducing=words("a an one another some"),
    opening_marks=frozenset({"“", "„", "«", "``", "‘", "「", "『"}),
    closing_marks=frozenset({"”", "»", "''", "’", "」", "』"}),
    elisions=words("tis twas em til cause n bout cos round nuff"),
    classifier=LogisticRegression(
        **json.loads(resources.files(__package__).joinpath("quote_weights.json").read_text("utf-8"))
    ),
)
