"""English words of judgement: verbs that name somebody, and words that blame.

The list follows the classes of judgement in Martin and White, "The Language of Evaluation" (2005): veracity, propriety,
capacity and tenacity. Blame is that of politics and courts, not of taste, sport or the weather.
"""

from newslake.pipeline.nlp.languages.spec_events import JudgementData, words

JUDGEMENT = JudgementData(
    naming=words("brand call characterise characterize deem depict describe dub label paint portray"),
    blame=words(
        """
        abhorrent abomination absurd abuse abusive affront aggressor anti-american anti-democratic anti-semitic
        antidemocratic antisemitism apathy appalling appeasement arbitrary arrogance arrogant atrocious audacity
        autocrat autocratic barbaric baseless betrayal bias biased bigot bigoted bigotry blackmail blatant blunder bogus
        broken brutal bully bullying callous careless catastrophe catastrophic censorship chaotic charade charlatan
        clueless collusion complicit complicity contempt contemptible corrupt corrupted corruption counterproductive
        cover-up coverup coward cowardice cowardly crime criminal crony cronyism crook cruel cruelty culpable cynical
        danger dangerous dastardly debacle deceit deceitful deceptive defamation defamatory delusional demagogic
        demagogue demagoguery demeaning deplorable deranged dereliction despicable despotic destructive detrimental
        devious dictator dictatorial disaster disastrous discrimination discriminatory disgrace disgraceful disgusting
        dishonest dishonesty dishonorable dishonourable disinformation disingenuous disloyal dismissive disproportionate
        disrespect disrespectful disservice distortion divisive divisiveness double-standard draconian dubious dumb
        dysfunctional egregious elitist embarrassing embarrassment enemy evil excessive exploitation exploitative
        extortion extreme extremism extremist fabrication failed failure fake false falsehood fanatic farce fascism
        fascist fear-mongering fearmongering feckless fiasco flawed folly fool foolish foolishness fraud genocide greed
        grotesque guilty gutless harassment harmful hateful hatred heartless hoax homophobic horrendous horrific hubris
        hypocrisy hypocrite hypocritical idiocy idiot idiotic ignorance ignorant illegal illegitimate illogical immoral
        improper inaccurate inaction inadequate inappropriate incompetence incompetent incorrect indecent indefensible
        indifference ineffectual inept ineptitude inequitable inexcusable inflammatory inhuman inhumane inhumanity
        injustice insane insanity insensitive insincere insult insulting intimidation intolerable intolerance intolerant
        invasive irrational irresponsibility irresponsible islamophobic jingoistic joke laughable lawless lawlessness
        liability liar lie ludicrous lunatic madness malfeasance malice malicious malignant manipulation manipulative
        mean-spirited mendacious meritless misconduct misguided misinformed misjudgment misleading mismanagement
        misogynist misplaced misrepresentation misstep mistake misuse mockery monstrous naive narcissism narcissist
        narrow-minded neglect negligence negligent nepotism nightmare nonsense nonsensical obscene obscenity obstruction
        obstructionist odious offensive one-sided opportunism opportunist opportunistic oppression oppressive
        out-of-touch outdated outlaw outrage outrageous overreach overreaction parasite parody partisan pathetic
        patronising patronizing perverse petty phony ploy predatory prejudice prejudiced preposterous pretext profiteer
        profiteering propaganda provocation provocative punitive puppet racism racist reactionary reckless recklessness
        regressive reprehensible repressive repugnant repulsive responsible revolting ridiculous rigged ruthless
        sabotage sanctimonious scam scandal scapegoat scaremongering self-interest self-serving selfish sellout
        senseless sexist sham shambles shame shameful shameless shenanigan shocking shoddy short-sighted shortsighted
        sickening slander smear smokescreen spineless stunt stupid supremacist supremacy tantrum tasteless terrorist
        theft threat thug tone-deaf totalitarian toxic traitor traitorous transgression transphobic travesty treachery
        treason treasonous troubling two-faced tyrannical tyranny tyrant un-american unacceptable unaccountable
        unconscionable unconstitutional undemocratic underhanded undignified unethical unfair unfit unforgivable
        unfounded unhelpful unhinged unjust unjustifiable unjustified unlawful unpatriotic unprincipled unprofessional
        unprovoked unqualified unreasonable unreliable unscientific unscrupulous unserious untrue untrustworthy
        unwarranted unwise unworkable vague vengeful vicious vile vindictive violation vitriol vulnerability warmonger
        waste wasteful weak white-supremacist wicked witch-hunt worst wrong wrongdoer wrongdoing wrongheaded xenophobe
        xenophobia xenophobic
        """
    ),
)
