"""The English event lexicon: what verbs and nouns name which event, and who is what in public life.

Type, mode and quad names are PLOVER 0.8's (Open Event Data Alliance, CC BY-SA 4.0); the lists are ours.
Patterns are explained in ``spec_events``. Everyday events are OTHER with a subtype.
"""

from pipeline.nlp.languages.en.modality import MODALITY
from pipeline.nlp.languages.spec_events import FrameData, FrameGroup, words

VERBS = (
    # verbal cooperation
    FrameGroup(
        "AGREE",
        """
        agree, agree to, agree on, agree with, agree +to, agree +that
        """,
        recipient="with to",
        takes_content=True,
    ),
    FrameGroup(
        "AGREE",
        """
        pledge, pledge +to, pledge +that, promise, promise +to, promise +that, vow, vow +to, vow +that
        """,
        recipient="to with",
        takes_content=True,
    ),
    FrameGroup(
        "AGREE",
        """
        commit +to, commit to, undertake +to, consent, consent to, consent +to, accept
        @offer/proposal/plan/deal/invitation/agreement/ceasefire/truce/term/peace/mediation, reach
        @agreement/deal/accord/settlement/compromise/understanding/truce/consensus, strike
        @deal/agreement/accord/bargain/compromise, sign
        @agreement/deal/treaty/accord/pact/memorandum/convention/protocol/contract/declaration/ceasefire/truce/document,
        ratify, clinch
        @deal/agreement/accord
        """,
        recipient="with",
        reciprocal=True,
        takes_content=True,
    ),
    FrameGroup(
        "AGREE",
        """
        seek +to deepen, reconcile, reconcile with, settle @dispute/difference/row/claim/case, mend
        @tie/relation/relationship/fence
        """,
        recipient="with",
        reciprocal=True,
    ),
    FrameGroup(
        "CONSULT",
        """
        meet, meet with, meet up, confer, confer with, consult, consult with, sit down with, sit with, negotiate,
        negotiate with, negotiate @deal/agreement/treaty/peace/ceasefire/truce, talk to, talk with, speak to, speak
        with, communicate with, discuss, engage with, dine with, huddle with, mediate, mediate between, hold
        @consultation/discussion, broker
        """,
        recipient="with to object between",
        reciprocal=True,
    ),
    FrameGroup(
        "CONSULT",
        """
        visit @group, visit @thing, travel to, fly to, fly into, head to, head for, arrive in, return from, attend
        @summit/meeting/talk/conference/funeral/ceremony/session/dinner/forum/olympics/game, tour @group, host
        @person, host @delegation/summit/leader/talk/minister/president/meeting, receive @person, greet @person
        """,
        mode="visit",
        recipient="to object into in for",
    ),
    FrameGroup(
        "CONSULT",
        """
        call @person, phone, telephone, ring @person
        """,
        mode="phone",
    ),
    FrameGroup(
        "SUPPORT",
        """
        praise, commend, laud, applaud, hail, endorse, back @group, back
        @plan/bid/call/proposal/move/candidate/resolution/deal/effort, support @group, support
        @plan/bid/call/proposal/move/candidate/resolution/deal/effort, welcome @group, welcome
        @move/decision/effort/plan/proposal/agreement/deal/announcement/step/news/report/support, welcome, champion,
        defend @decision/policy/record/move/plan/ally/minister, congratulate, salute, thank, honour, honor, echo
        @concern/call/view/remark/comment/warning/sentiment/criticism, side with, rally behind, vouch for, stand by,
        express @support/solidarity/condolence/sympathy/sorrow/gratitude/confidence, offer @condolence/support,
        recognise @group, recognize @group, approve @plan/deal/agreement/resolution/aid/package
        """,
        recipient="object poss with for by behind to of",
    ),
    FrameGroup(
        "CONCEDE",
        """
        back down, back down on, relent, concede, concede to, give in, give in to, bow to, yield to, soften
        @stance/position/line/tone, ease @restriction/sanction/curb/rule/tension/blockade/lockdown, lift
        @sanction/restriction/ban/curfew/blockade/embargo/siege/lockdown/emergency, apologise, apologize, apologise
        to, apologize to, apologise for, apologize for, backtrack, waive, pardon @person, commute @sentence, drop
        @charge/demand/case/lawsuit/objection, climb down, reverse @decision/course/policy, scrap @tariff/ban/rule,
        compromise on
        """,
        recipient="to object on against for",
    ),
    # material cooperation
    FrameGroup(
        "COOPERATE",
        """
        cooperate, cooperate with, co-operate, co-operate with, collaborate, collaborate with, work with, work
        together, join forces, join force, team up, team up with, partner with, partner, share
        @intelligence/information/data, exchange @prisoner/intelligence/information, trade with, ally with,
        coordinate with, restore @tie/relation, resume @tie/relation/cooperation, normalise @tie/relation, normalize
        @tie/relation, extradite
        """,
        recipient="with object to",
        reciprocal=True,
    ),
    FrameGroup(
        "AID",
        """
        donate, aid, aid @group, assist, assist @group, rescue, rescue @group, evacuate, airlift, deliver
        @aid/food/medicine/supply/assistance/relief/vaccine, provide
        @aid/assistance/help/food/shelter/fund/relief/support/training/loan, send
        @aid/food/medicine/supply/relief/assistance/vaccine/doctor/rescuer/tent/blanket/ambulance, shelter @group, grant
        @asylum/loan/aid/refuge, give @aid/asylum/refuge/shelter/assistance, offer @aid/assistance/help/asylum, feed
        @group, resettle, bail out, lend @million/billion, pledge @aid/million/billion
        """,
        recipient="dative to for object",
    ),
    FrameGroup(
        "RETREAT",
        """
        withdraw @troop/force/soldier/army/unit/peacekeeper, withdraw -, withdraw from, pull out, pull out of,
        pull back, retreat, retreat from, surrender, surrender to, redeploy from
        """,
        mode="withdraw",
        recipient="from to",
    ),
    FrameGroup(
        "RETREAT",
        """
        release @person/prisoner/hostage/detainee/captive/inmate/soldier/dissident/journalist/activist/mayor, free,
        free @person/prisoner/hostage/detainee/captive/inmate/soldier/dissident/journalist/activist/mayor, set free,
        hand over @person/prisoner/hostage/detainee/captive/inmate/soldier/dissident/journalist/activist/mayor,
        liberate
        """,
        mode="release",
    ),
    FrameGroup(
        "RETREAT",
        """
        disarm, demobilise, demobilize, lay down @arm/weapon, dismantle @arsenal/weapon/missile/base
        """,
        mode="disarm",
    ),
    FrameGroup(
        "RETREAT",
        """
        cease @fire/hostility/attack, halt @attack/hostility/offensive/strike/fire/bombing/shelling, suspend
        @attack/hostility/offensive/strike, end @siege/war/fighting/offensive/occupation/hostility/blockade
        """,
        mode="ceasefire",
        recipient="against with on",
    ),
    FrameGroup(
        "RETREAT",
        """
        allow @inspector/observer/aid/monitor, reopen @border/crossing/airspace/embassy
        """,
        mode="access",
    ),
    FrameGroup(
        "RETREAT",
        """
        resign, resign as, resign from, step down, step down as, step aside, quit, quit as, stand down, abdicate
        """,
        mode="resign",
        recipient="from",
    ),
    # verbal conflict
    FrameGroup(
        "REQUEST",
        """
        ask +other, ask for, ask @help/assistance/aid, appeal, appeal for, appeal to, request, beg, beg for, plead
        for, seek @help/aid/assistance/support/asylum/loan, petition
        """,
        mode="assist",
        recipient="inner object to from of",
        takes_content=True,
    ),
    FrameGroup(
        "REQUEST",
        """
        demand, demand +that, demand +to, call for, call on, call upon, urge, urge +other, urge +that, press for,
        press @group, push for, pressure, pressure +other, insist on, implore, lobby, lobby for, order +other,
        order, instruct, instruct +other, summon, need +other, want +other, require +other, exhort, campaign for,
        propose, propose +that, propose +to, invite, invite +other, recommend +that, tell +other, warn +other, warn
        against, encourage +other, advise +other, persuade +other, compel +other
        """,
        mode="change",
        recipient="inner object on upon of to from",
        takes_content=True,
    ),
    FrameGroup(
        "ACCUSE",
        """
        criticise, criticize, condemn, denounce, slam, lambast, lambaste, blast @group, decry, deplore, rebuke,
        censure, attack @decision/plan/policy/record/proposal/bill, question
        @decision/motive/claim/policy/plan/need/record, question +that, question, protest @decision, complain,
        complain about, complain to, object to, lash out at, hit out at, take aim at, mock, berate, chide, call out,
        regret, express @concern/regret/alarm/outrage/anger/dismay, deride, ridicule, scold, fault, chastise,
        reprimand, castigate, reprove, upbraid
        """,
        mode="disapprove",
        recipient="object poss at to over by about of",
        takes_content=True,
    ),
    FrameGroup(
        "ACCUSE",
        """
        accuse, accuse of, blame, blame for, blame on, allege, allege +that, charge +that, implicate, point finger
        at, sue, sue for, suspect, suspect of, present @evidence, file @lawsuit/complaint/suit, hold responsible,
        denigrate
        """,
        mode="allege",
        recipient="object against on at inner by",
        takes_content=True,
    ),
    FrameGroup(
        "ACCUSE",
        """
        investigate, probe, question @person, interrogate, launch @investigation/inquiry/probe, open
        @investigation/inquiry/probe, examine @claim/allegation, look into @claim/allegation, inspect @group
        """,
        mode="investigate",
        recipient="object into against",
    ),
    FrameGroup(
        "REJECT",
        """
        refuse, refuse +to, decline +to, decline, reject, rebuff, spurn, turn down, rule out, dismiss
        @call/claim/demand/proposal/idea/allegation/suggestion/offer/accusation/report, deny
        @request/claim/access/visa/entry/permission, veto, vote against, vote down, oppose, resist
        @call/pressure/demand/move, resist +ing, defy, ignore @call/demand/warning/request/order, fail +to, shun,
        boycott @talk/meeting/summit/election, cancel @meeting/visit/talk/trip/summit, snub, walk out, walk out of,
        break off @talk/negotiation, suspend @talk/negotiation, block @resolution/bill/deal/request, overrule,
        disagree, disagree with, contest, rescind, quash
        """,
        mode="yield",
        recipient="object poss with from by of",
        takes_content=True,
    ),
    FrameGroup(
        "REJECT",
        """
        deny, deny +that, deny +ing, repudiate, refute, disavow
        """,
        mode="yield",
        recipient="poss by of",
        takes_content=True,
    ),
    FrameGroup(
        "THREATEN",
        """
        threaten, threaten +to, threaten with, threaten +that, warn, warn of, warn +that, issue
        @ultimatum/threat/warning, menace, intimidate, blackmail, vow @revenge/retaliation/vengeance, vow revenge,
        swear revenge
        """,
        recipient="object with to against of",
        takes_content=True,
    ),
    # material conflict
    FrameGroup(
        "PROTEST",
        """
        protest, protest against, demonstrate, demonstrate against, rally, rally against, march, march against,
        march on, march through, picket, chant, take to street, unfurl
        """,
        mode="demo",
        recipient="against on at outside object",
    ),
    FrameGroup(
        "PROTEST",
        """
        riot, clash with @police, loot, storm @building/parliament/embassy/office
        """,
        mode="riot",
        recipient="with object against",
    ),
    FrameGroup(
        "PROTEST",
        """
        strike -, strike over, walk out over, go on strike, down @tool
        """,
        mode="strike",
        recipient="against",
    ),
    FrameGroup(
        "PROTEST",
        """
        boycott
        """,
        mode="boycott",
    ),
    FrameGroup(
        "PROTEST",
        """
        occupy @building/square/university/office, blockade
        @road/street/port/harbour/harbor/entrance, block
        @road/street/motorway/highway/bridge/entrance/traffic/harbour/harbor/port/lorry/truck/railway/junction/gate/runway
        """,
        mode="obstruct",
        recipient="",
    ),
    FrameGroup(
        "PROTEST",
        """
        vandalise, vandalize, deface
        """,
        mode="vandalize",
    ),
    FrameGroup(
        "SANCTION",
        """
        sanction, penalise, penalize, blacklist, fine, fine @group, impose
        @sanction/tariff/embargo/penalty/fine/ban/duty, slap @sanction/tariff/fine/ban, suspend
        @aid/membership/license/licence/trade/visa/ties/relation/deal/cooperation, freeze @asset/account/aid/fund,
        cut @aid/funding/tie/relation, cut off @aid/supply/gas/tie/relation, halt @aid/trade/supply/cooperation,
        sever @tie/relation/link, break @tie/relation, withhold @aid/fund/payment, revoke
        @license/licence/visa/citizenship/status, strip of, embargo, downgrade @tie/relation, reduce
        @aid/tie/relation
        """,
        mode="discontinue",
        recipient="object on against to with from",
    ),
    FrameGroup(
        "SANCTION",
        """
        convict, convict of, sentence, sentence to, find guilty, condemn to death, execute @person
        """,
        mode="convict",
    ),
    FrameGroup(
        "SANCTION",
        """
        expel, expel from, oust, oust from, evict, sack, sack @person, dismiss @person, fire @person, suspend
        @person, impeach, recall @ambassador/envoy, depose, remove from @person, ban @person, ban @group, bar
        @person, bar from, exile, topple, overthrow
        """,
        mode="expel",
        recipient="object from to",
    ),
    FrameGroup(
        "MOBILIZE",
        """
        deploy, deploy @troop/force/soldier, deploy to, mobilise, mobilize, mass @troop/force, send
        @troop/force/soldier/warship/tank/reinforcement/army/fighter/jet/police/unit/peacekeeper, station
        @troop/force, dispatch @troop/force/warship/police, amass @troop/force, move @troop/missile/force, reinforce
        @border/troop/position, call up @reservist, scramble @jet/fighter, put on alert, patrol
        """,
        mode="troops",
        recipient="to against in along near",
    ),
    FrameGroup(
        "MOBILIZE",
        """
        test @missile/weapon/rocket/bomb, test-fire, arm @rebel/militia/group/fighter, stockpile @weapon
        """,
        mode="weapons",
        recipient="against object",
    ),
    FrameGroup(
        "COERCE",
        """
        arrest, detain, jail, imprison, apprehend, incarcerate, round up, capture @person, take into custody,
        remand, charge with, charge @person, indict, indict for, prosecute, put on trial, issue @warrant, raid
        @person, lock up
        """,
        mode="arrest",
    ),
    FrameGroup(
        "COERCE",
        """
        deport, extradite @person, repatriate @migrant/refugee
        """,
        mode="deport",
        recipient="object to from",
    ),
    FrameGroup(
        "COERCE",
        """
        seize, confiscate, impound, requisition, nationalise, nationalize, expropriate, hijack, occupy, annex,
        capture, overrun, take over @city/town/village/airport, take control of
        """,
        mode="seize",
        recipient="from object of",
    ),
    FrameGroup(
        "COERCE",
        """
        ban, outlaw, restrict, prohibit, crack down, crack down on, suppress, repress, persecute, harass, close
        @border/airspace/crossing/school, shut @border/airspace, seal @border, seal off, besiege, blockade, block
        @access/aid/site/website/app, disperse, evict @group, dissolve @parliament, disband, outlaw @party, raid,
        search @home/office/house, limit @access/hour/movement/gathering/travel
        """,
        mode="restrict",
        recipient="object on against from",
    ),
    FrameGroup(
        "COERCE",
        """
        censor, gag, remove @content/post/video/account, take down @content/post/video/site, combat
        @abuse/extremism/content/terrorism, shut down @newspaper/website/station/broadcaster, jam @signal, muzzle
        """,
        mode="censor",
    ),
    FrameGroup(
        "COERCE",
        """
        impose @curfew, declare @curfew
        """,
        mode="curfew",
        recipient="on in",
    ),
    FrameGroup(
        "COERCE",
        """
        impose @law/emergency/rule, declare @emergency/law
        """,
        mode="martial-law",
        recipient="on in",
    ),
    FrameGroup(
        "COERCE",
        """
        hack, hack into, ddos
        """,
        mode="cyber",
        recipient="object into",
    ),
    FrameGroup(
        "ASSAULT",
        """
        attack, assault, assail, kill, kill in, murder, slay, massacre, slaughter, wound, injure @person in attack,
        maim, ambush, invade, storm, fight, fight with, fight against, battle, clash, clash with, engage in
        fire/firefight, strike @group, hit @group with, target @civilian/protester/police, harm, hurt @group, kill
        by, retaliate, retaliate against, strangle, poison, storm into
        """,
        recipient="object with against on at in of",
    ),
    FrameGroup(
        "ASSAULT",
        """
        kidnap, abduct, take hostage, snatch @person
        """,
        mode="abduct",
    ),
    FrameGroup(
        "ASSAULT",
        """
        beat @person, beat up, punch, kick @person, manhandle, flog, lash @person, whip
        """,
        mode="beat",
    ),
    FrameGroup(
        "ASSAULT",
        """
        torture, waterboard
        """,
        mode="torture",
    ),
    FrameGroup(
        "ASSAULT",
        """
        rape, molest, assault sexually, grope
        """,
        mode="sexual",
    ),
    FrameGroup(
        "ASSAULT",
        """
        assassinate, gun down, execute @hostage, behead
        """,
        mode="targeted",
    ),
    FrameGroup(
        "ASSAULT",
        """
        destroy, demolish @home/house/building/village, burn down, torch, raze, set fire, blow up, bulldoze
        """,
        mode="destroy",
    ),
    FrameGroup(
        "ASSAULT",
        """
        stab, knife, hack to death, stone @person, throw @stone/rock/bottle, pelt, ram
        """,
        mode="primitive",
        recipient="object at with against",
    ),
    FrameGroup(
        "ASSAULT",
        """
        shoot, shoot at, shoot dead, shoot down, open fire, open fire on, fire on, fire at, exchange fire, gun down
        @person
        """,
        mode="firearms",
        recipient="object on at with",
    ),
    FrameGroup(
        "ASSAULT",
        """
        bomb, detonate, explode @bomb/device, plant @bomb/mine, blow up, blow himself up, set off @bomb
        """,
        mode="explosives",
        recipient="object in at against",
    ),
    FrameGroup(
        "ASSAULT",
        """
        shell, bombard, fire @missile/rocket/mortar/artillery/shell/battery/torpedo, launch @missile/rocket/mortar,
        pound @city/position/town
        """,
        mode="heavy-weapons",
        recipient="at on against into object toward towards",
    ),
    FrameGroup(
        "ASSAULT",
        """
        tear-gas, fire @gas/bullet, use @gas/cannon/baton
        """,
        mode="crowd-control",
        recipient="at on against object",
    ),
    # everyday events
    FrameGroup(
        "OTHER",
        """
        win, win @match/game/title/medal/cup/race/trophy/final/championship/gold, beat, beat @group, defeat, score,
        equalise, qualify for, lose to, lose @match/game/final, draw with, play @match/game/role, play against,
        relegate, thrash, sign @player/striker/midfielder/defender
        """,
        subtype="sport",
        recipient="object to against with",
    ),
    FrameGroup(
        "OTHER",
        """
        crash, crash into, derail, collide, collide with, capsize, sink, collapse, drown, catch fire, overturn,
        plunge, plunge into, run over, malfunction, explode
        """,
        subtype="accident",
        recipient="with into object",
    ),
    FrameGroup(
        "OTHER",
        """
        elect, re-elect, vote, vote for, vote on, vote in, lose @seat/majority/election/vote, win
        @seat/election/vote/majority/primary/nomination, nominate, swear in, inaugurate, form @government/coalition,
        contest @election/seat, poll, stand for @election
        """,
        subtype="election",
        recipient="object for",
    ),
    FrameGroup(
        "OTHER",
        """
        acquire @company/firm/stake/business, acquire @group, merge, merge with, take over, lay off, launch
        @product/service/app/phone/version/model, launch, unveil, release, introduce, sell, hire, recruit, file for
        bankruptcy, buy @company/stake/firm/business, float on, list on, invest, invest in, open
        @store/factory/plant, close @store/factory/plant/deal, recall @car/vehicle/product, cut
        @job/price/rate/dividend, raise @price/rate/fund/money, shut @plant/factory/store, report
        @profit/loss/earnings/revenue, buy, purchase, restructure, manufacture, produce @car/vehicle, ship, export,
        import, roll out, close
        """,
        subtype="business",
        recipient="object with in to for",
    ),
    FrameGroup(
        "OTHER",
        """
        rise, fall, drop, plunge by, soar, surge, tumble, climb, slump, rally by, jump, decline -, shrink, grow
        """,
        subtype="market",
        recipient="",
    ),
    FrameGroup(
        "OTHER",
        """
        appoint, name @person, promote @person, succeed @person, replace @person, retire, retire from, step up as,
        take office, replace as
        """,
        subtype="appointment",
    ),
    FrameGroup(
        "OTHER",
        """
        die, die of, die in, die from, pass away, bury @person, perish, mourn
        """,
        subtype="death",
        recipient="",
    ),
    FrameGroup(
        "OTHER",
        """
        marry, wed, divorce, give birth, engage to
        """,
        subtype="family",
        recipient="object to",
    ),
    FrameGroup(
        "OTHER",
        """
        steal, rob, burgle, burglarise, defraud, smuggle, launder, traffic, bribe, embezzle, forge, counterfeit
        """,
        subtype="crime",
        recipient="object from",
    ),
    FrameGroup(
        "OTHER",
        """
        rule, rule +that, uphold @ruling/conviction/ban/verdict, overturn @ruling/conviction/verdict, acquit,
        testify, plead guilty, plead -, hear @case/appeal, enact, legislate, pass @law/bill/legislation/act/budget
        """,
        subtype="legal",
        recipient="object of against",
    ),
    FrameGroup(
        "OTHER",
        """
        premiere, perform, perform at, publish, exhibit, film, star in, award, debut, headline @festival, stage
        @concert/exhibition/show
        """,
        subtype="culture",
        recipient="object to",
    ),
    FrameGroup(
        "OTHER",
        """
        flood, erupt, quake, strike @coast/island/region, hit @coast/island/region, devastate, burn -, inundate,
        evacuate @home/area
        """,
        subtype="disaster",
    ),
    FrameGroup(
        "OTHER",
        """
        discover, invent, develop @vaccine/drug/treatment, land on @moon/mars, launch
        @satellite/probe/rocket/spacecraft, orbit, detect
        """,
        subtype="science",
    ),
    FrameGroup(
        "OTHER",
        """
        infect, vaccinate, hospitalise, hospitalize, diagnose, diagnose with, quarantine, spread, test positive,
        undergo @surgery/transplant/operation
        """,
        subtype="health",
    ),
)

NOUNS = (
    # verbal cooperation
    FrameGroup(
        "AGREE",
        """
        agreement, accord, treaty, pact, deal %reach/sign/strike/agree/clinch/seal/announce/make, consensus,
        compromise, memorandum, pledge, promise, settlement, vow %make/break
        """,
        recipient="with to between",
    ),
    FrameGroup(
        "CONSULT",
        """
        talk, meeting, summit, negotiation, consultation, discussion, dialogue, conversation %have/hold, dinner
        %have/hold/host/attend, lunch %have/hold/host/attend, breakfast %have/hold/host, session %hold/attend,
        reception %host/hold, audience %have/hold/grant, mediation, conference peace, conference
        %hold/attend/host/convene
        """,
        recipient="with between",
        reciprocal=True,
    ),
    FrameGroup(
        "CONSULT",
        """
        visit, trip, tour %begin/make/start/finish/end, tour regional, stopover
        """,
        mode="visit",
        recipient="to with in of",
    ),
    FrameGroup(
        "CONSULT",
        """
        call phone %have/hold/make/take/receive, call telephone
        """,
        mode="phone",
        recipient="with to",
    ),
    FrameGroup(
        "SUPPORT",
        """
        endorsement, praise, tribute, backing, congratulation, condolence, support
        %express/offer/voice/pledge/reaffirm/declare/give/enjoy/win
        """,
        recipient="of for to",
    ),
    FrameGroup(
        "CONCEDE",
        """
        concession, apology, amnesty, pardon, climbdown, u-turn, reprieve
        """,
        recipient="to for",
    ),
    # material cooperation
    FrameGroup(
        "COOPERATE",
        """
        cooperation, co-operation, collaboration, partnership, alliance, exchange prisoner, swap prisoner, exercise
        joint, manoeuvre joint, maneuver joint, extradition, coordination
        """,
        recipient="with between",
        reciprocal=True,
    ),
    FrameGroup(
        "AID",
        """
        aid humanitarian/military/foreign/food, assistance, relief humanitarian/disaster, bailout, donation, rescue,
        airlift, grant %give/make/award/receive, evacuation, aid %send/give/provide/deliver/receive/offer/get
        """,
        recipient="to for of",
    ),
    FrameGroup(
        "RETREAT",
        """
        withdrawal, pullout, pull-out, retreat, surrender
        """,
        mode="withdraw",
        recipient="from",
    ),
    FrameGroup(
        "RETREAT",
        """
        release %secure/demand/order/announce/come/follow/negotiate, release prisoner/hostage
        """,
        mode="release",
        recipient="of",
    ),
    FrameGroup(
        "RETREAT",
        """
        ceasefire, cease-fire, truce, armistice
        """,
        mode="ceasefire",
        recipient="with between",
    ),
    FrameGroup(
        "RETREAT",
        """
        disarmament, demobilisation, demobilization, denuclearisation, denuclearization
        """,
        mode="disarm",
        recipient="of",
    ),
    FrameGroup(
        "RETREAT",
        """
        resignation
        """,
        mode="resign",
        recipient="from",
    ),
    # verbal conflict
    FrameGroup(
        "REQUEST",
        """
        demand, request, appeal, plea, petition, call %make/issue/renew/reject/repeat/ignore/resist/join, ultimatum
        """,
        mode="change",
        recipient="to on for",
    ),
    FrameGroup(
        "ACCUSE",
        """
        criticism, condemnation, accusation, allegation, rebuke, denunciation, complaint, lawsuit, reprimand,
        outrage, backlash, suit %file
        """,
        mode="disapprove",
        recipient="against of at",
    ),
    FrameGroup(
        "ACCUSE",
        """
        investigation, inquiry, probe %launch/open/begin/face/start/lead, probe into, enquiry, inquest, audit
        """,
        mode="investigate",
        recipient="into of against",
    ),
    FrameGroup(
        "REJECT",
        """
        refusal, rejection, denial, veto, boycott %announce/call, opposition %voice/express/face/declare/draw
        """,
        mode="yield",
        recipient="of to",
    ),
    FrameGroup(
        "THREATEN",
        """
        threat %make/issue/face/receive/repeat/renew, threat +to, threat from, warning
        %issue/give/receive/repeat/ignore
        """,
        recipient="to against from",
    ),
    # material conflict
    FrameGroup(
        "PROTEST",
        """
        protest, demonstration, rally, march, sit-in, vigil, uprising, unrest, revolt
        """,
        mode="demo",
        recipient="against at",
    ),
    FrameGroup(
        "PROTEST",
        """
        riot, rioting, looting
        """,
        mode="riot",
        recipient="against in",
    ),
    FrameGroup(
        "PROTEST",
        """
        strike general/rail/nationwide/teacher/worker/pilot/hour/nurse/doctor, walkout, stoppage, strike
        %call/join/stage/begin/end
        """,
        mode="strike",
        recipient="against",
    ),
    FrameGroup(
        "PROTEST",
        """
        strike hunger
        """,
        mode="hunger",
        recipient="against",
    ),
    FrameGroup(
        "SANCTION",
        """
        sanction, embargo, tariff %impose/slap/face/announce/raise/put, freeze asset, penalty
        %impose/face/pay/receive, fine, blacklist, fining
        """,
        mode="discontinue",
        recipient="on against for of",
    ),
    FrameGroup(
        "SANCTION",
        """
        conviction, sentence prison/jail/death/life, sentence %receive/serve/face/hand, execution
        """,
        mode="convict",
        recipient="of for",
    ),
    FrameGroup(
        "SANCTION",
        """
        expulsion, ouster, impeachment, dismissal, sacking, recall %announce/order
        """,
        mode="expel",
        recipient="of",
    ),
    FrameGroup(
        "MOBILIZE",
        """
        deployment, mobilisation, mobilization, build-up, buildup, exercise military, drill military, manoeuvre
        military, patrol, reinforcement
        """,
        mode="troops",
        recipient="to against in",
    ),
    FrameGroup(
        "MOBILIZE",
        """
        test missile/nuclear/weapon/rocket, launch missile, proliferation
        """,
        mode="weapons",
        recipient="against",
    ),
    FrameGroup(
        "COERCE",
        """
        arrest, detention, imprisonment, warrant arrest, custody %take/remand/hold, trial %face/stand/begin/go,
        indictment, prosecution, roundup, charge %face/bring/file/deny/press
        """,
        mode="arrest",
        recipient="of for against",
    ),
    FrameGroup(
        "COERCE",
        """
        deportation
        """,
        mode="deport",
        recipient="of",
    ),
    FrameGroup(
        "COERCE",
        """
        seizure, annexation, takeover military/armed, occupation, confiscation, coup
        """,
        mode="seize",
        recipient="of in against",
    ),
    FrameGroup(
        "COERCE",
        """
        ban, crackdown, blockade, repression, siege, persecution, restriction %impose/face/tighten/introduce, raid
        %carry/conduct/launch/police/lead, raid police, lockdown
        """,
        mode="restrict",
        recipient="on against of",
    ),
    FrameGroup(
        "COERCE",
        """
        censorship
        """,
        mode="censor",
        recipient="of",
    ),
    FrameGroup(
        "COERCE",
        """
        curfew
        """,
        mode="curfew",
        recipient="on in",
    ),
    FrameGroup(
        "COERCE",
        """
        cyberattack, cyber-attack, attack cyber, hack, hacking, breach data
        """,
        mode="cyber",
        recipient="on against of",
    ),
    FrameGroup(
        "ASSAULT",
        """
        attack, assault, killing, murder, massacre, violence, offensive, ambush, fighting, battle, clash, war,
        invasion, incursion, slaying, genocide, atrocity, bloodshed, conflict, raid, insurgency, slaughter,
        crackdown bloody, skirmish, hostility, firefight, attacker
        """,
        recipient="on against of with in at",
    ),
    FrameGroup(
        "ASSAULT",
        """
        kidnapping, abduction, hostage-taking
        """,
        mode="abduct",
        recipient="of",
    ),
    FrameGroup(
        "ASSAULT",
        """
        beating, flogging
        """,
        mode="beat",
        recipient="of",
    ),
    FrameGroup(
        "ASSAULT",
        """
        torture
        """,
        mode="torture",
        recipient="of",
    ),
    FrameGroup(
        "ASSAULT",
        """
        rape, assault sexual
        """,
        mode="sexual",
        recipient="of",
    ),
    FrameGroup(
        "ASSAULT",
        """
        assassination, beheading
        """,
        mode="targeted",
        recipient="of",
    ),
    FrameGroup(
        "ASSAULT",
        """
        destruction, arson, demolition
        """,
        mode="destroy",
        recipient="of",
    ),
    FrameGroup(
        "ASSAULT",
        """
        stabbing, knifing, attack knife
        """,
        mode="primitive",
        recipient="of in",
    ),
    FrameGroup(
        "ASSAULT",
        """
        shooting, gunfire, shootout, attack gun
        """,
        mode="firearms",
        recipient="of in at",
    ),
    FrameGroup(
        "ASSAULT",
        """
        bombing, blast bomb, explosion bomb, attack bomb
        """,
        mode="explosives",
        recipient="of in at on",
    ),
    FrameGroup(
        "ASSAULT",
        """
        bombing suicide, attack suicide, bomber suicide
        """,
        mode="suicide-attack",
        recipient="of in at on against",
    ),
    FrameGroup(
        "ASSAULT",
        """
        airstrike, strike air, raid air, bombardment aerial, attack air, strike
        """,
        mode="aerial",
        recipient="on against in",
    ),
    FrameGroup(
        "ASSAULT",
        """
        strike drone, attack drone
        """,
        mode="drone",
        recipient="on against in",
    ),
    FrameGroup(
        "ASSAULT",
        """
        shelling, bombardment, strike missile, attack missile, attack rocket, fire rocket/mortar/artillery, barrage
        """,
        mode="heavy-weapons",
        recipient="of on against at",
    ),
    FrameGroup(
        "ASSAULT",
        """
        attack chemical, attack gas, weapon %use
        """,
        mode="unconventional",
        recipient="on against in",
    ),
    # everyday events
    FrameGroup(
        "OTHER",
        """
        match, tournament, championship, game %play/win/lose/host, victory, final %win/lose/reach/play, race
        %win/lose/run, olympics, friendly, kick-off
        """,
        subtype="sport",
        recipient="over against with",
    ),
    FrameGroup(
        "OTHER",
        """
        accident, collision, crash, derailment, shipwreck, capsizing, crush, blast, explosion, fire
        %break/kill/spread/sweep/start, collapse
        """,
        subtype="accident",
        recipient="of in",
    ),
    FrameGroup(
        "OTHER",
        """
        election, by-election, referendum, vote %hold/win/lose/call/cast/take, ballot, poll %hold/open/close,
        inauguration, campaign election, nomination
        """,
        subtype="election",
        recipient="in of",
    ),
    FrameGroup(
        "OTHER",
        """
        merger, acquisition, takeover, layoff, bankruptcy, launch, recall product/vehicle/car, buyout, sale,
        purchase, investment, closure, restructuring, production, ipo
        """,
        subtype="business",
        recipient="of with by in",
    ),
    FrameGroup(
        "OTHER",
        """
        death, funeral, burial
        """,
        subtype="death",
        recipient="of",
    ),
    FrameGroup(
        "OTHER",
        """
        wedding, marriage, divorce, birth
        """,
        subtype="family",
        recipient="of to with",
    ),
    FrameGroup(
        "OTHER",
        """
        theft, robbery, burglary, fraud, heist, corruption
        """,
        subtype="crime",
        recipient="of from",
    ),
    FrameGroup(
        "OTHER",
        """
        ruling, verdict, hearing, acquittal, testimony
        """,
        subtype="legal",
        recipient="against on of",
    ),
    FrameGroup(
        "OTHER",
        """
        concert, festival, exhibition, premiere, ceremony, performance %give/stage, parade, silence minute
        """,
        subtype="culture",
        recipient="at in",
    ),
    FrameGroup(
        "OTHER",
        """
        earthquake, flood, flooding, hurricane, eruption, wildfire, storm, typhoon, cyclone, tsunami, drought,
        landslide, heatwave, avalanche
        """,
        subtype="disaster",
        recipient="in",
    ),
    FrameGroup(
        "OTHER",
        """
        discovery, experiment, spacewalk, landing
        """,
        subtype="science",
        recipient="of on",
    ),
    FrameGroup(
        "OTHER",
        """
        outbreak, epidemic, pandemic, vaccination, infection, surgery, transplant, operation %undergo
        """,
        subtype="health",
        recipient="of in",
    ),
    FrameGroup(
        "OTHER",
        """
        appointment
        """,
        subtype="appointment",
        recipient="of",
    ),
)

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
        doctor nurse hospital medic surgeon paramedic patient
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
        spinoff split stake start statement study success suggestion supply surge survey swing task tax termination
        test trade trading training transfer transition treatment trial unveiling update upgrade usage use verdict
        violation warming welcome work
        """
    ),
    no_occurrences=words("according base concern contain do follow get have include involve let regard"),
    bearers=words("endure escape face get incur meet receive suffer survive sustain undergo"),
    lemmas={
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
    group_nouns=words(
        """
        ally country couple government leader man minister official pair party player politician president side team
        woman
        """
    ),
    plural_pronouns=words("both them they"),
    place_prepositions=words("across around at in inside near on outside"),
    agent_prepositions=words("by"),
    pair_prepositions=words("among between"),
    object_control=words(
        """
        allow ask call enable encourage force get help instruct invite lead let need order permit persuade press
        push require tell urge want
        """
    ),
    relative_pronouns=words("that which who whom whose"),
    time_relatives=words("when"),
    names_no_event=words("board civil cold labor labour news phone press task video world world-war"),
    modality=MODALITY,
)
