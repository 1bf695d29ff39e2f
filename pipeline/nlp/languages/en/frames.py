"""English event data: the lexicon of ``frames.toml``, modality words, roles in public life and word lists."""

import json
from importlib import resources
from pathlib import Path

from newslake.pipeline.nlp.languages.en.judgements import JUDGEMENT
from newslake.pipeline.nlp.languages.frame_file import read_frames
from newslake.pipeline.nlp.languages.logistic_regression import LogisticRegression
from newslake.pipeline.nlp.languages.spec_events import (
    AttachmentData,
    FrameData,
    ModalityData,
    SpeechActData,
    words,
)

# Modality. Each list is one class, and no more of it than news needs: an infinitive is hypothetical by default, so that
# the verbs before one are listed only if they say more, or if a clause, noun or gerund follows them as well.

_MODALITY = ModalityData(
    future_auxiliaries=words("'ll shall wil will wo ’ll"),
    unreal_auxiliaries=words("ca can could may might must need ought should"),
    backshifted=words("'d would ’d"),
    unreal_markers=words("if lest provided supposing unless whether"),
    inverted=words("had were"),
    infinitive_marker="to",
    aspect_auxiliaries=words("be have"),
    delaying=words("yet"),
    negative_words=words("hardly n't neither never no nobody none nor not nothing n’t"),
    ending_words=words("longer more"),
    contrast_words=words("but"),
    excluding_words=words("than"),
    preferring_words=words("rather"),
    limiting_words=words("just merely only simply yet"),
    approximating_words=words("almost narrowly nearly"),
    planned_adjectives=words("coming expected forthcoming future imminent impending scheduled upcoming"),
    denying_adjectives=words("elusive impossible"),
    unreal_adjectives=words("attempted feared hypothetical likely possible potential proposed threatened would-be"),
    definite_words=words("that the these this those"),
    pointing_words=words("that these this those"),
    genitive="of",
    # Ordinals, superlatives of order and "only": adjectives with which an infinitive is factual.
    ranking=words("first second third fourth fifth last latest only next sole"),
    # States and disasters, acts of killing, then nouns of speech acts: to refuse an offer is to have had one.
    standing=words(
        """
        conflict crisis deal delay disaster dispute drought fighting killing murder pandemic violence war
        accusation allegation appeal call claim demand invitation offer plea promise proposal request threat warning
        """
    ),
    negative_prepositions=words("barring instead without"),
    past_prepositions=words("after alongside amid because despite following since under"),
    content_prepositions=words("for of on to"),
    topic_prepositions=words("about against concerning over regarding"),
    # Commissives (Searle, "A classification of illocutionary acts", 1976) and words of intention and of arrangement.
    planning=words(
        """
        about agree agreement aim announce approve arrange await bid brink commit commitment contract deadline decide
        decision determined due expect going intend intention likely look_forward offer plan pledge poise
        postpone prepare preparation promise proposal propose push_back put_off ready schedule seek select set slate
        undertake verge vote vow want willing
        """
    ),
    # Verbs of choice: near-implicative in the simple past.
    deciding=words("choose decide elect opt"),
    # Directives, then desideratives, then words of possibility and risk (the counterfactual and uncertain classes of
    # Sauri and Pustejovsky, "FactBank", 2009), where a clause, noun or gerund follows.
    wishing=words(
        """
        advise advocate ask beg call_for campaign demand encourage instruct invite order persuade recommend request
        require suggest suggestion tell urge
        desire hope like need wish
        capable chance consider contemplate danger discuss doubt explore fear idea opportunity option possibility
        potential power prospect question right risk threat threaten unlikely warn warning
        """
    ),
    # Negative implicatives ("fail") and verbs of refusal and prevention, their nouns and adjectives.
    refusing=words(
        """
        call_off keep_from rule_out turn_down vote_against
        abandon absence avert avoid ban bar block cancel cancellation decline denial deny elusive fail failure forbid
        impossible foil inability lack neglect prevent prevention prohibit refusal refuse reject rejection reluctance
        reluctant resist scrap shelve short stave stop thwart unable unwilling unwillingness veto
        """
    ),
    # Implicatives ("manage"), causatives ("force") and aspectual verbs (Freed, "The semantics of English aspectual
    # complementation", 1979).
    achieving=words(
        """
        able allow appear begin bring cause claim come compel continue enable force get happen help know lead let
        make manage move permit proceed prove remain resume return rush seem start succeed use work
        """
    ),
    # Verbs of motion and change that take an infinitive of result.
    resulting=words("awake awaken climb drop fall gain go_on grow jump recover rise slip wake wake_up"),
    # Verbs of speech acts (Austin, "How to do things with words", 1962).
    illocutions=words(
        """
        accuse apologise apologize appeal ask beg blame call complain condemn congratulate demand denounce express
        extend offer praise protest request salute share thank urge voice
        """
    ),
    first_person=words("i we"),
    # Verbs of saying, knowing and showing; then those of opinion.
    saying=words(
        """
        acknowledge add admit announce argue believe claim conclude confirm declare estimate expect explain indicate
        insist note pledge predict promise read reply report respond reveal say show state suggest tell think vow
        warn write
        """
    ),
    opining=words("argue believe estimate expect forecast guess predict reckon suggest think"),
    # Light verbs of event nouns; then the aspectual ones that presuppose their object.
    carriers=words(
        """
        announce attend begin carry commit conduct convey deliver do end express extend file finish give grant have hold
        host impose issue launch lead level lodge make mark mount offer open organise organize pay perform place raise
        reach reiterate renew resume sign stage start stop strike submit suspend take undertake voice wage
        """
    ),
    terminating=words("end finish stop suspend"),
)

# Words of speech acts.

_SPEECH = SpeechActData(
    reporting=words(
        """
        add affirm announce argue claim conclude declare emphasise emphasize explain insist maintain note post reiterate
        say state stress suggest tell tweet underline underscore warn write
        """
    ),
    proposing=words("insist suggest"),
    obliging=words("must ought should"),
    obliging_verbs=words("have need"),
    undemanded=words(
        """
        appear arrive be become belong benefit enjoy expect feel get hope know like mean receive remember remain see
        seem suffer understand want win wonder worry
        """
    ),
    willing=words("prepared ready willing"),
    complying=words(
        """
        accept agree allow approve attend bow budge cease change comply consent end follow give go grant help join leave
        let negotiate obey participate pay permit recognise recognize sign stop surrender take talk tolerate vote yield
        """
    ),
    ending=words("cease drop end halt leave quit stop"),
    first_person=words("i we"),
    third_person=words("he it she they"),
    possessives=words("her his its my our their"),
    unaddressed=words("anybody anyone everybody everyone it one ourselves someone that there these this those we you"),
    institutions=words("COP GOV JUD LEG MIL OPP PTY REB SPY"),
)


VERBS, NOUNS = read_frames(Path(__file__).with_name("frames.toml"))

# Role nouns by PLOVER sector.
_PEOPLE: tuple[tuple[str | None, str], ...] = (
    (
        "GOV",
        """
        president minister premier chancellor government administration cabinet secretary official ministry
        spokesman spokeswoman spokesperson ambassador envoy diplomat monarch king queen prince governor mayor
        authority state presidency regime leader commissioner taoiseach kremlin embassy consul emir sultan
        """,
    ),
    (
        "MIL",
        """
        soldier troop army general commander military navy marine colonel admiral force airforce battalion regiment
        peacekeeper sergeant captain warship lieutenant
        """,
    ),
    (
        "COP",
        """
        police policeman policewoman officer constable detective sheriff gendarme
        """,
    ),
    (
        "JUD",
        """
        court judge justice prosecutor tribunal magistrate jury attorney lawyer
        """,
    ),
    (
        "LEG",
        """
        parliament lawmaker legislator senator congressman congresswoman congress senate mp mps assembly knesset
        bundestag duma backbencher
        """,
    ),
    (
        "REB",
        """
        rebel insurgent guerrilla militant separatist fighter jihadist extremist terrorist militia gunman bomber
        attacker
        """,
    ),
    (
        "SPY",
        """
        agent spy intelligence cia mossad mi5 mi6 fsb
        """,
    ),
    (
        "PTY",
        """
        party democrat republican conservative labour politician candidate
        """,
    ),
    (
        "AGR",
        """
        farmer grower fisherman
        """,
    ),
    (
        "BUS",
        """
        company firm business corporation bank executive ceo manufacturer maker retailer airline chief chairman
        investor shareholder startup industry carmaker employer
        """,
    ),
    (
        "CRM",
        """
        criminal gang cartel thief smuggler trafficker hacker robber pirate mafia
        """,
    ),
    (
        "CVL",
        """
        civilian people resident villager man woman child boy girl citizen victim family person passenger tourist
        mother father parent pedestrian driver voter suspect community those crowd neighbour hundred thousand
        """,
    ),
    (
        "EDU",
        """
        student teacher professor university school academic scientist researcher
        """,
    ),
    (
        "ELI",
        """
        celebrity tycoon billionaire
        """,
    ),
    (
        "JRN",
        """
        journalist reporter newspaper broadcaster correspondent editor photographer blogger
        """,
    ),
    (
        "LAB",
        """
        worker union employee staff miner striker unionist labourer
        """,
    ),
    (
        "MED",
        """
        doctor nurse hospital medic surgeon paramedic patient physician
        """,
    ),
    (
        "REF",
        """
        refugee migrant asylum-seeker immigrant
        """,
    ),
    (
        "OPP",
        """
        opposition dissident protester protestor demonstrator activist campaigner prisoner detainee
        """,
    ),
    (
        "REL",
        """
        priest bishop pope imam rabbi church cleric archbishop monk
        """,
    ),
    (
        "SOC",
        """
        charity ngo volunteer
        """,
    ),
    (
        None,
        """
        group team delegation country nation ally rival hostage member inmate captive countryman user customer
        opponent counterpart critic head side club player
        """,
    ),
)

# Words between an event and its time or place.
_ATTACHMENT = AttachmentData(
    boundaries=words("after before compared following since than till until versus"),
    statements=words(
        """
        address announcement article blog briefing broadcast brief column complaint conference decision email essay
        filing interview lawsuit letter memo message motion note order paper petition post release remark report ruling
        speech statement testimony tweet verdict video
        """
    ),
    edges=words("beginning close end middle start"),
    occasions=words("amid at during in"),
    during=words("amid at during"),
    aims=words("for"),
    means=words("by in while without"),
    periods=words(
        """
        afternoon beginning close course dawn day end eve evening half hour middle midnight minute month morning night
        part period season spring start summer autumn winter week weekend year
        """
    ),
    speaking=words("address answer appear reply respond speak talk testify write"),
    phases=words("begin cease commence continue keep resume start stop"),
    carriers=words(
        """
        address attend be begin break brief carry chair come commence commit conclude conduct continue declare deliver
        end erupt file give happen have hold host impose issue join launch lodge make mount occur open organise
        organize perform plan postpone resume run schedule set sign slate stage start stop strike suspend take
        undertake wrap
        """
    ),
    proclaiming=words("announce declare impose introduce issue proclaim unveil"),
    awaiting=words("announce anticipate await expect face look plan prepare seek threaten urge want"),
    order=words("after as before when"),
    nearness=words("hour immediately just minute moment second shortly soon"),
    goals=words("of on to"),
    parts=words("of"),
    regions=words(
        """
        area bank border bottom capital centre center city coast corner county district east edge foot heart island
        middle neighborhood neighbourhood north outskirts part port province region resort shore side south state
        street suburb top town village west
        """
    ),
    venues=words(
        """
        academy airport arena base cathedral church clinic club college court hall hospital hotel jail library mosque
        museum palace park prison school square stadium station synagogue temple theater theatre university
        """
    ),
    place_relatives=words("where"),
    simultaneous=words("as when while"),
    earlier=words("earlier former last past previous prior"),
    sequence=words("afterwards eventually later now since soon subsequently then"),
)

FRAMES = FrameData(
    verbs=VERBS,
    nouns=NOUNS,
    occurrences=words(
        """
        absence action activity analysis anger anniversary announcement appeal argument arrival assessment attempt
        auction bankruptcy beginning bid borrowing breach breakdown bug building campaign cancellation celebration
        change charge chase claim clarification closing collaboration comment commitment competition complaint
        concern conference confirmation construction consumption continuation contract contribution controversy
        convention conversion cooling crackdown crash creation crisis cut damage danger debate decision decline
        decrease defeat defence defense delay delivery demand demolition departure design destruction development
        disaster discount dispute downturn drop duty effort elimination emission end escape estimate evaluation
        event exercise exhibition expansion expectation experience export failure fall farewell fear feedback filing
        financing firing fix flight forecast funding gain glitch grief growth hike hiring hope hunt idling illness
        implementation import improvement incident increase infringement injury innovation inspection integration
        interview introduction invention involvement issue job journey joy jump keynote lawsuit layoff leak leave
        lending liquidation listing litigation loan loss manufacture mission mourning move obligation offer offering
        opening operation order outage participation patent payment plan pollution pre-order prediction preparation
        presentation press-conference price-cut problem profit program programme project proposal protection
        publication purchase pursuit reaction reception recession recommendation recovery reduction reform refund
        remark removal reorganisation reorganization repair replacement report research resignation response
        resumption retirement reveal revelation review ride rise risk role rumor rumour search security service
        settlement shift shipment shortage show shutdown slowdown speculation speech spending spike spill spin-off
        spinoff split start statement study success suggestion supply surge survey swing task tax termination
        test trade trading training transfer transition treatment trial unveiling update upgrade usage use verdict
        violation warming welcome work
        """
    ),
    abstractions=words(
        """
        ability absence access account advantage afternoon age aim alarm alternative ambition amount anxiety appearance
        approach aspect attention attitude authority average awareness background balance basis behalf behaviour
        belief benefit blame brink capability capacity care case cause century chance circumstance clue comparison
        complexity concept condition confidence connection consequence consideration context control courage
        credibility credit criterion date day deadline decade dependence desire detail determination difference
        difficulty direction doubt duty efficiency effect emphasis end entry evening evidence exception excuse extent
        fact factor failing feature feeling flexibility focus form freedom frustration future goal grounds guilt habit
        half hardship height hint honour hour humour idea image impact importance impression inability incentive
        independence influence insight instinct intent intention interest issue job keenness knowledge lack leadership
        length lesson level likelihood limit link list logic look luck majority manner matter meaning means memory
        method minute moment momentum month mood morning motive name need night notion number obstacle occasion odds
        opinion option order origin pace pain part past path pattern percent percentage period permission perspective
        phase place point popularity position possibility post potential power prerequisite presence pressure priority
        privacy probability process progress promise proportion prospect purpose quality quantity question range rate
        reach reality reason record relation relationship reliance reluctance reputation requirement resolve respect
        responsibility rest result reverse right risk role room rule sake satisfaction scale schedule scope season
        second sense shock shortcoming side sign significance situation size skill solution sort speed stability
        stage stance status step strategy strength stress struggle style success sum symptom task temper tendency
        tension term terms thing threshold time title tone top topic total track transparency trend trouble truth type
        uncertainty understanding unity urgency use view virtue volume wait way weakness week weight will wisdom
        wonder word worry worth year
        """
    ),
    no_occurrences=words("according base concern contain do follow get have include involve let regard"),
    conducting=words(
        """
        carry_out set_up step_up
        announce approve broker commence conduct continue convene coordinate declare deploy escalate expand extend
        file give grant hold impose increase intensify issue lead launch maintain mount offer open orchestrate order
        organise organize pay perform plan prepare promise propose provide pursue renew resume schedule seek send stage
        start supply threaten unleash voice wage
        """
    ),
    attending=words("for in on to on_strike"),
    exposing=words("under in_captivity in_custody on_trial"),
    joining=words("engage_in participate_in take_part_in"),
    subjective=words(
        """
        apology boycott conference demonstration march meeting pledge promise protest rally refusal resignation retreat
        riot strike summit surrender testimony visit vow
        """
    ),
    hosting=words("after at before during following in"),
    suspecting=words(
        """
        accuse applaud arrest blame charge commend condemn congratulate convict criticise criticize denounce detain
        fault fine hail imprison indict investigate jail laud praise prosecute punish question rebuke reprimand
        sentence slam suspect thank try want
        """
    ),
    suspicions=words("for of over with"),
    attributing=words("attribute blame pin"),
    attributions=("on", "to"),
    guilt=words("guilty responsibility responsible"),
    amounts=words(
        """
        act barrage bout campaign couple day dozen flurry hour hundred lot month number part round series set spate
        string thousand variety wave week year
        """
    ),
    thing_pronouns=words("it its"),
    person_pronouns=words("he her his she"),
    group_pronouns=words("their they"),
    speaker_pronouns=words("i me my our us we"),
    country_adjectives=words("eu u.k. u.s. uk us"),
    role_prepositions=words("at for from in of to"),
    naming=words("call dub know name nickname"),
    copulas=words("be become remain"),
    resulting=words("leave"),
    harmed=words("dead homeless hurt injured maimed paralysed paralyzed wounded"),
    epithets=words(
        """
        actor actress assemblyman assemblywoman billionaire businessman businesswoman candidate comedian congressman
        congresswoman contender entrepreneur ex-president frontrunner governor hopeful incumbent lawmaker mayor
        millionaire mogul newsman nominee novelist playwright politician premier rapper senator singer socialite
        songwriter striker strongman tycoon
        """
    ),
    titles={
        "amb": "ambassador",
        "capt": "captain",
        "cllr": "councillor",
        "col": "colonel",
        "gen": "general",
        "gov": "governor",
        "min": "minister",
        "prof": "professor",
        "rep": "representative",
        "sen": "senator",
    },
    past_roles=words("deputy ex former late then vice"),
    documents=words(
        """
        article brief briefing bulletin circular column comment communique complaint document editorial email filing
        indictment lawsuit letter memo memorandum message note op-ed order paper petition post press-release release
        report resolution speech statement study submission suit testimony tweet video
        """
    ),
    publishing=words(
        "pass post publish put_out read read_out release rescind revoke send sign submit tweet withdraw write"
    ),
    bodies=words(
        """
        administration agency airline alliance army association authority bank board bureau cabinet chamber charity
        church club coalition commission committee company congress council court delegation department directorate
        embassy federation firm force foundation government group hospital institute institution legislature militia
        military ministry navy network newspaper ngo office organisation organization panel parliament party police
        regime school senate service state team tribunal troupe union university watchdog
        """
    ),
    countries=words("country nation"),
    telling=words("accuse allege assert claim conclude contend determine disclose find reveal say show state"),
    general_bodies=words("agency alliance bloc charity company firm group organisation organization"),
    suffered=words(
        """
        abduction arrest assassination beheading capture conviction deportation detention dismissal disappearance
        eviction execution expulsion extradition firing hanging impeachment imprisonment incarceration indictment
        kidnapping killing murder ouster poisoning prosecution rape removal rescue sacking sentence sentencing
        subpoena suspension torture
        """
    ),
    crimes=words(
        "arson burning fire gunfire hijacking killing massacre murder rampage robbery shooting slaying stabbing"
    ),
    bearers=words(
        "attract draw earn elicit endure escape face gain get incur meet receive suffer survive sustain undergo win"
    ),
    enduring=words("endure suffer sustain undergo"),
    eliciting=words(
        "attract bring draw earn elicit face gain get meet prompt provoke receive spark suffer survive trigger win"
    ),
    undergoing=words(
        """
        appear arise arrive be become belong consist cost come come_up differ disappear elapse emerge equal equate
        exist expire fade fall flow follow go happen hang last lie loom matter occur originate persist prevail recur
        remain result rise seem sound stand stay stem suffice vanish vary weigh
        """
    ),
    undergoing_alone=words(
        """
        accelerate accumulate age begin bleed boil break bounce burst change close collapse commence contract continue
        cool crack crash deepen decline decrease deteriorate develop diminish double drop ease end evaporate evolve
        expand explode fail feature finish fluctuate freeze gain grow halve heat heal improve increase intensify jump
        lengthen lessen melt mount move multiply narrow open pause plummet plunge rebound recede recover resume retreat
        ripen roll sell shift shorten shrink shut sink slide slip slow slump soar spread stabilise stabilize stagnate
        start stop strengthen surge swell swing tick triple tumble turn warm weaken widen worsen
        """
    ),
    lemmas={
        "cordoned": "cordon",
        "dined": "dine",
        "dining": "dine",
        "fined": "fine",
        "fining": "fine",
        "honored": "honor",
        "honoring": "honor",
        "lambasted": "lambaste",
        "lambasting": "lambaste",
        "premiered": "premiere",
        "premiering": "premiere",
        "raped": "rape",
        "raping": "rape",
        "staged": "stage",
        "staging": "stage",
        "waterboarded": "waterboard",
        "waterboarding": "waterboard",
    },
    people={word: sector for sector, text in _PEOPLE for word in text.split()},
    agents=words(
        """
        actor actress adviser advisor agency aide alliance analyst anybody association athlete auditor author band
        banker bench bloc board body boss brass bureau camp campaign captain centre chair chairwoman chamber champion
        chef choir city clan coach coalition colleague columnist commission committee congregation consulate consumer
        convict council councillor councilmember couple crew daughter defendant defender department developer director
        division dozen duchess duke economist engineer ensemble everybody everyone expert faction fan federation
        foundation founder friend grandfather grandmother guard guest heir hijacker host husband inspector institute
        investigator islamist junta kidnapper landlord leadership league lecturer leftist liberal lobby lobbyist looter
        magazine management manager many media ministry mob monitor mosque most movement nationalist negotiator neighbor
        network nobody observer office orchestra organisation organization outlet owner painter panel paper pilot
        plaintiff poet princess producer public publisher pupil rapper regulator relative reservist responder reviewer
        ringleader rioter royal sailor service sibling singer sister socialist society some somebody someone son source
        squad star striker supplier supporter survivor teen teenager tenant think-tank tory town trader traveller tribe
        troupe trust village visitor warden watchdog website whistleblower widow wife wing winner witness writer youth
        """
    ),
    pointers=words("that there these this those what which"),
    verb_places=("object", "to", "with", "about", "on", "of", "for", "from", "into", "against"),
    noun_places=("of", "for", "on", "to", "in", "from", "against", "with"),
    clipped_passives=words(
        """
        accuse acquit appoint arrest attack ban bar behead blame bomb charge clear convict deport detain elect evacuate
        evict execute expel fine free hail hit honour hurt impeach indict injure jail kidnap kill name oust praise
        remand rescue sack sanction seize select sentence shoot slay stab sue suspend swamp target torture wound
        """
    ),
    place_prepositions=words(
        """
        across along around at inside in into near off on onto outside over through throughout within
        """
    ),
    agent_prepositions=("by",),
    agent_phrases=(("at", "hand", "of"),),
    pair_prepositions=("between", "among"),
    origin_prepositions=("from",),
    target_prepositions=("at", "against", "on"),
    addressing=("to", "with", "against"),
    content_places=("against", "to", "with", "on", "from", "of", "for", "by", "into", "about", "over"),
    subject_control=words(
        """
        able afraid anxious bound careful certain delighted determined due eager free glad happy hesitant honored
        honoured keen liable likely pleased poised prepared privileged prone proud quick ready reluctant set slow sorry
        sure thrilled unable unlikely unwilling welcome willing
        """
    ),
    gerund_prepositions=words("for from into of with"),
    object_control=words(
        """
        allow ask authorise authorize beg call cause challenge command commission compel convince direct drive empower
        enable encourage forbid force get help hire implore inspire instruct invite lead let lobby motivate need oblige
        order permit persuade press pressure prompt push recruit require spur tell urge want
        """
    ),
    acting_members=words(
        "adviser advisor agent delegation executive force leader leadership negotiator official representative"
    ),
    grouping=words("among amongst"),
    relative_pronouns=words("which that who whom whose"),
    time_relatives=words("when"),
    noun_classes={
        "LIGHT": _MODALITY.carriers,
        "ILLS": words(
            """
            abuse addiction age cancer change climate corruption crime depression discrimination disease drug extremism
            fatigue fire flame fraud hunger illness inequality inflation injustice obesity poverty problem racism
            stereotype terrorism threat trafficking unemployment virus wildfire
            """
        ),
        "ACCIDENT": words(
            """
            accident avalanche blast blaze capsizing collapse collision crash crush derailment explosion fire shipwreck
            stampede
            """
        ),
        "AMOUNT": words(
            """
            amount billion dollar euro fifth half hundred million percent percentage pound quarter sum third thousand
            trillion yen
            """
        ),
        "COURT": words("court judge jury justice magistrate panel referee tribunal umpire"),
        "CRIME": words(
            """
            abuse arson assault bribery burglary conspiracy corruption crime embezzlement extortion forgery fraud
            genocide harassment homicide kidnapping killing laundering manslaughter misconduct murder negligence offence
            offense perjury racketeering rape robbery shooting smuggling stabbing terrorism theft trafficking treason
            vandalism wrongdoing
            """
        ),
        "CONDUCT": words("action choice comment description handling remark response use"),
        "CONTEST": words("championship competition contest cup event final game league match race series tournament"),
        "DEAL": words(
            """
            accord agreement armistice bargain ceasefire compact compromise contract convention deal memorandum pact
            partnership peace settlement treaty truce
            """
        ),
        "FILM": words("clip documentary episode film footage movie photo photograph picture scene series show video"),
        "MARKET": words(
            """
            bond commodity cost currency demand dollar earnings economy employment euro export figure future gdp gold
            import income index inflation investment market oil output pound price production profit rate revenue ruble
            salary sale share stock tariff temperature unemployment value volume wage yen yield yuan
            """
        ),
        "NATURE": words(
            """
            aftershock cloud current cyclone disease drought earthquake epidemic eruption fire flame flood flooding fog
            frost heat heatwave hurricane ice landslide lightning mudslide pandemic quake rain river sea smoke snow
            storm system tornado tremor tsunami typhoon virus volcano water wave wildfire wind
            """
        ),
        "PRESS": words(
            """
            broadcaster correspondent journalist magazine media news newspaper outlet paper press radio reporter
            television tv website
            """
        ),
        "OFFICE": words(
            """
            ambassador captain ceo chair chairman chairwoman chancellor chief coach commissioner director editor envoy
            executive governor head judge leader manager minister officer president principal secretary speaker
            spokesman spokesperson spokeswoman successor
            """
        ),
        "PLAN": words(
            """
            amendment appeal application appointment attempt ban bid bill budget candidacy effort initiative law
            legislation measure merger motion move nomination nominee plan policy project proposal push reform request
            resolution rule scheme takeover
            """
        ),
        "PRISON": words("captivity custody detention jail prison"),
        "PRODUCT": words(
            """
            album app book camera car chip collection device drug edition engine feature film game handset laptop line
            machine menu model movie phone platform plane product programme range scheme series service show single
            smartphone software song system tablet tool trailer truck vaccine van vehicle version video watch website
            """
        ),
        "QUOTA": words(
            """
            approval bill challenge commitment condition cost criterion criticism deadline death demand duty end
            expectation fate goal guideline indifference laughter morning need objective obligation opposition plea
            promise protest quota requirement resistance response rule silence standard suspicion target threshold wind
            """
        ),
        "RESEARCHER": words(
            "archaeologist astronomer biologist diver geologist historian physicist researcher scientist team"
        ),
        "SHIP": words(
            "barge boat cruiser dinghy ferry frigate ship steamer submarine tanker trawler vessel warship yacht"
        ),
        "TEAM": words("champion club host opponent player rival runner side squad striker team visitor winner"),
        "TROOPS": words(
            """
            aircraft army battalion brigade carrier convoy destroyer division drone fighter fleet force frigate guard
            guardsman helicopter insurgent jet launcher marine militant militia missile navy officer patrol peacekeeper
            personnel plane police policeman rebel regiment reinforcement reservist rocket ship soldier squad submarine
            system tank trooper troop unit vessel warplane warship weapon
            """
        ),
        "WORK": words(
            """
            album anthem article book comic diary essay findings song interview letter memoir novel opera paper photo
            picture piece play poem report research story study symphony
            """
        ),
        "WORKERS": words(
            """
            actor cleaner crew delegate deputy doctor driver employee guard journalist lawmaker lecturer member miner
            nurse pilot player postman staff steward student teacher trucker union worker workforce writer
            """
        ),
    },
    rules=words(
        """
        act agenda amendment article bible bill brochure budget clause code condition constitution contract convention
        decree directive guidance guideline law legislation license licence mandate measure norm ordinance policy
        principle regulation rule scheme scripture standard statute system text tradition value
        """
    ),
    general_subjects=words("anybody anyone everybody everyone one whoever you"),
    habit_words=words(
        """
        always commonly ever frequently generally normally often rarely regularly routinely seldom sometimes
        traditionally typically usually
        """
    ),
    content_markers=words("about for from of"),
    absolute_markers=words("with"),
    thresholds=words("brink cusp edge idea option plan point process proposal push verge"),
    partitives=words(
        """
        all any both dozen each half hundred load many million more most none number one part percent % raft range
        series several some three ton tonne two worth
        """
    ),
    quotation_marks=words("' '' ` `` \" “ ” ‘ ’ « »"),
    no_news=words(
        """
        be become appear seem remain stay feel look sound stand lie sit live exist belong own lack need want wish hope
        think know believe understand remember love like hate prefer enjoy fear matter mean depend deserve tend
        struggle face continue keep consist cost weigh measure resemble represent last work serve monitor see hear say
        do make take give get put set go come turn bring deliver exercise deal spend fall slate underline walk watch
        listen prove
        """
    ),
    question_words=words("how what when where which who why"),
    indefinite_words=words("a an"),
    distinguishing=words(
        """
        another second third fourth separate similar different previous also separately similarly likewise elsewhere
        """
    ),
    names_no_event=words("board civil cold labor labour news phone press task video world world-war"),
    speech=_SPEECH,
    judgement=JUDGEMENT,
    modality=_MODALITY,
    attachment=_ATTACHMENT,
    classifier=LogisticRegression(
        **json.loads(resources.files(__package__).joinpath("event_weights.json").read_text("utf-8"))
    ),
)
