"""English words of judgement: the evaluation of what others are and do.

The lists follow the classes of judgement in Martin and White, "The Language of Evaluation" (2005): veracity, propriety,
capacity and tenacity. Blame is that of politics and courts, not of taste, sport or the weather.
"""

from newslake.pipeline.nlp.languages.spec_events import JudgementData, words

JUDGEMENT = JudgementData(
    saying=words(
        """
        add announce argue assert claim comment complain conclude contend continue declare emphasise emphasize explain
        insist lament maintain note observe point post quip reiterate remark reply respond retort say state stress tell
        tweet underline underscore warn write
        """
    ),
    naming=words("brand call characterise characterize deem depict describe dub label paint portray"),
    faults=words(
        """
        abuse besmirch betray botch breach break bungle cheat coerce collude condone deceive defame deflect defraud
        degrade demean demonise demonize denigrate deprive deride discriminate disenfranchise dishonor dishonour
        disregard disrespect downplay embolden enable encroach endanger exaggerate exploit fabricate fail falsify flout
        foment gaslight harass harbor harbour hijack hoodwink ignore imperil incite inflame infringe insult interfere
        intimidate jeopardise jeopardize lie malign manipulate marginalise marginalize meddle minimise minimize
        mishandle misinform misjudge mislead mismanage misread misrepresent misspend mistreat misuse mock muzzle neglect
        obfuscate obstruct offend oppress overreach overstep pander peddle perpetuate persecute pervert politicise
        politicize provoke renege ridicule ruin rush sabotage scapegoat scaremonger shirk shortchange silence smear
        squander steal steamroll stifle stoke stonewall subvert swindle taint tarnish thwart trample trivialise
        trivialize undercut undermine victimise victimize vilify violate weaponise weaponize whitewash wreck
        """
    ),
    wrongly=words(
        """
        arrogantly brazenly callously cynically deceptively disgracefully dishonestly disrespectfully falsely
        hypocritically illegally irresponsibly knowingly recklessly shamefully shamelessly unconstitutionally unfairly
        unjustly unlawfully wilfully willfully wrongfully wrongly
        """
    ),
    harm=words(
        """
        bankrupt cost criminalise criminalize cripple damage decimate destroy devastate disadvantage endanger erode gut
        harm hurt imperil jeopardise jeopardize kill lack punish threaten undermine weaken worsen
        """
    ),
    blame=words(
        """
        absurd abuse abusive aggressor anti-american anti-semitic antidemocratic antisemitism apathy appeasement
        arbitrary audacity autocrat autocratic baseless bias biased bigot bigoted blackmail blatant blunder bogus broken
        brutal bully bullying careless catastrophe catastrophic censorship chaotic charade charlatan clueless collusion
        complicit complicity contempt corrupt corrupted corruption counterproductive cover-up coverup coward crime
        criminal crony cronyism crook cruelty culpable danger dangerous dastardly deceit deceitful deceptive defamation
        delusional demagogic demagogue demagoguery deranged dereliction despotic destructive detrimental devious
        dictator dictatorial disaster discrimination discriminatory dishonorable dishonourable disinformation disloyal
        dismissive disproportionate disrespect disservice distortion divisive divisiveness double-standard dubious dumb
        dysfunctional egregious elitist embarrassing enemy evil excessive exploitation exploitative extortion extreme
        extremism extremist fabrication failed failure fake false falsehood fanatic fascism fiasco flawed folly fool
        foolish foolishness fraud genocide greed grotesque guilty gutless harassment harmful hatred homophobic
        horrendous horrific hypocrite idiot ignorance ignorant illegal illegitimate illogical improper inaccurate
        inaction inadequate inappropriate incorrect indecent indifference ineffectual ineptitude inequitable inhumanity
        insane insanity insensitive intimidation intolerance invasive irresponsibility islamophobic jingoistic joke
        laughable lawless lawlessness liability liar lie ludicrous lunatic madness malfeasance malice malignant
        manipulation manipulative mean-spirited mendacious meritless misconduct misinformed misjudgment mismanagement
        misogynist misplaced misrepresentation misstep mistake misuse naive narcissism narcissist narrow-minded neglect
        negligence negligent nepotism nightmare obscene obscenity obstruction obstructionist one-sided opportunism
        opportunist oppression oppressive out-of-touch outdated outlaw overreaction parasite partisan pathetic
        patronising patronizing phony ploy predatory prejudice prejudiced pretext profiteer profiteering propaganda
        provocation provocative punitive puppet reactionary recklessness regressive responsible revolting rigged
        ruthless sabotage sanctimonious scam scandal scapegoat self-interest selfish sellout senseless sham shameless
        shenanigan shocking shortsighted smear smokescreen stunt stupid supremacist supremacy tantrum terrorist theft
        threat thug totalitarian toxic traitor traitorous transgression transphobic treachery treason treasonous
        troubling two-faced tyrannical tyrant unaccountable underhanded unfit unfounded unhelpful unhinged unjustifiable
        unprincipled unprofessional unprovoked unqualified unreasonable unreliable unscientific unserious untrue
        untrustworthy unwise unworkable vague vengeful vile violation vitriol vulnerability warmonger waste wasteful
        weak white-supremacist wrongdoer wrongdoing xenophobe xenophobia
        """
    ),
    strong=words(
        """
        abhorrent abomination affront anti-democratic appalling arrogance arrogant atrocious barbaric betrayal bigotry
        callous contemptible cowardice cowardly cruel cynical debacle defamatory demeaning deplorable despicable
        disastrous disgrace disgraceful disgusting dishonest dishonesty disingenuous disrespectful draconian
        embarrassment farce fascist fear-mongering fearmongering feckless hateful heartless hoax hubris hypocrisy
        hypocritical idiocy idiotic immoral incompetence incompetent indefensible inept inexcusable inflammatory
        inhuman inhumane injustice insincere insult insulting intolerable intolerant irrational irresponsible malicious
        misguided misleading mockery monstrous nonsense nonsensical odious offensive opportunistic outrage outrageous
        overreach parody perverse petty preposterous racism racist reckless reprehensible repressive
        repugnant repulsive ridiculous scaremongering self-serving sexist shambles shame shameful shoddy short-sighted
        sickening slander spineless tasteless tone-deaf travesty tyranny un-american unacceptable unconscionable
        unconstitutional undemocratic undignified unethical unfair unforgivable unjust unjustified unlawful unpatriotic
        unscrupulous unwarranted vicious vindictive wicked witch-hunt worst wrong wrongheaded xenophobic
        """
    ),
    flaws=words(
        """
        abysmal awful bad broad costly dismal disruptive excessive extreme horrible inadequate ineffective insufficient
        invasive lackluster lazy mediocre miserable nasty pitiful poor problematic risky shambolic sloppy terrible ugly
        unclear unfortunate unhelpful unnecessary unprecedented unsafe unsustainable vague woeful
        """
    ),
    right=words(
        """
        acceptable appropriate credible fair fit honest justifiable justified legal legitimate logical normal qualified
        reasonable right serious true trustworthy
        """
    ),
    approval=words("admiration appreciation grateful gratitude praise proud respect supportive thankful thanks"),
    approving=words("for of to"),
    disapproval=words(
        """
        angry appalled ashamed contempt critical disappointed disdain disgusted dismayed disturbed horrified infuriated
        insulted offended outraged sickened
        """
    ),
    disapproving=words("at by for in of with"),
    praise=words(
        """
        best brave brilliant courageous crucial excellent exceptional extraordinary fantastic good great heroic
        historic honest important impressive incredible inspiring landmark outstanding positive remarkable strong
        terrific tremendous vital welcome wonderful
        """
    ),
    backing=words("accept condone endorse favor favour recognise recognize support"),
    opposing=words("oppose reject"),
    roles=words("ally champion choice fit friend nominee option partner pick"),
    championing=words("deliver fight stand"),
    attempts=words(
        """
        aim attempt begin choose conspire continue decide go intend keep plan plot prefer seek start threaten try want
        work
        """
    ),
    causing=words("bring cause create fuel inflict lead pose result sow spark trigger"),
    damage=words(
        """
        bankruptcy bloodshed catastrophe chaos closure confusion conflict corruption crisis damage danger death decline
        delay destruction devastation disaster disruption division gridlock hardship harm havoc hunger inequality
        inflation injustice instability layoff loss misery pain peril poverty recession risk ruin shortage suffering
        terror threat turmoil uncertainty unemployment unrest vacuum violence war
        """
    ),
    benefit=words(
        """
        certainty clarity dignity employment equality fairness freedom growth hope investment job justice opportunity
        peace progress prosperity relief safety security stability standard unity
        """
    ),
    virtues=words(
        """
        backbone business compassion compunction conscience credibility decency empathy honor honour integrity
        legitimacy moral principle regard remorse respect right shame strategy vision
        """
    ),
    claims=words("business right"),
    having=words("have show"),
    nothing=words("little nothing"),
    enough=words("anything enough"),
    doing=words("achieve do offer"),
    rulers=words("congress country government leader legislature nation parliament politician president senate system"),
    rivals=words("adversary challenger enemy foe opponent predecessor rival"),
    pledging=words(
        """
        abolish build bring create cut defend deliver do eliminate end ensure expand fight fix fund guarantee halve help
        hire hold impose improve increase introduce invest keep lower protect provide raise rebuild reduce reform
        renew repair repeal replace restore reverse scrap secure spare stand strengthen support tackle take
        """
    ),
    light_pledges=words("bring do hold impose keep take"),
    ensuring=words("ensure guarantee protect rebuild repeal restore scrap"),
    denying=words(
        "cheat collude corrupt corruption crime guilty law liable lie mislead racist responsible steal wrong wrongdoing"
    ),
    copulas=words("be become commit constitute demonstrate display exhibit look remain represent seem show spread"),
    acts=words(
        """
        about-face accord accusation action administration advertisement agenda agreement aid allegation allocation
        amendment annexation appeal appointment approach argument article assault assertion attack attempt attitude
        audit bailout ban behavior behaviour bill blockade bombing boycott budget bureaucracy call campaign candidacy
        change charge check choice claim clause closure comment comparison concession conduct conviction crackdown cut
        deal decision decree delay demand deployment directive dismissal draft edict embargo enforcement exclusion
        execution expansion expulsion failure firing gesture handling hike idea inaction incursion indictment initiative
        inquiry intervention invasion investigation language law lawsuit leadership legislation lockdown mandate measure
        merger message motion move narrative negotiation nomination offensive offer order ordinance pact pardon permit
        plan platform policy position practice presidency privatisation privatization probe procedure process program
        programme promise proposal prosecution provision provocation pullout purchase raid reaction record redistricting
        reduction referendum reform refusal regulation remark removal reply request resolution response restriction
        reversal rhetoric rollback rollout rule ruling sanction scheme section seizure sentence settlement shutdown
        speech spending stance statement step strategy subsidy surveillance suspension system tactic takeover tariff tax
        tenure testimony theory threat tone transfer treatment treaty trial tweet verdict veto view vote withdrawal word
        """
    ),
    pointing=words("it that this"),
    others=words("he her him she them they those you"),
)
