"""The English words that make a clause planned, hypothetical or negated."""

from pipeline.nlp.languages.spec_events import ModalityData, words

MODALITY = ModalityData(
    future_auxiliaries=words("'ll shall wil will wo ’ll"),
    unreal_auxiliaries=words("ca can could may might must need ought should"),
    backshifted=words("'d would ’d"),
    unreal_markers=words("if lest provided supposing unless whether"),
    inverted=words("had were"),
    infinitive_marker="to",
    delaying=words("yet"),
    planning=words(
        """
        gear_up put_off line_up sign_up pencil_in look_forward push_back
        about agree agreement ahead aim announce anticipate anticipated appoint approve arrange arrangement await
        book choose commit commitment countdown date deadline decide decision delay determine determined due eve
        expect expected gear go going guarantee intend intention invite likely look-forward name organise organize
        plan planned pledge poise postpone preparation prepare project promise promised readiness ready run-up
        schedule scheduled seek select set slate timetable undertake vow want
        """
    ),
    wishing=words(
        """
        ability advise advocate aim appeal ask assume attempt authorise authorize beg bid bill call campaign capable
        challenge chance consider contemplate danger debate demand desire difficult discuss doubt dream eager easier
        easy effort encourage envisage eventual explore favor favour fear free hard harder hope idea imagine
        instruct invite keen like lobby motion mull need offer opportunity option order permission persuade plea
        ponder possibility possible potential power press pressure prevention probability proposal propose prospect
        push question recommend recommendation request require right risk rumor rumour speculation strategy
        study suggest suggestion suppose suspicion tell tempt threat threaten try unable unlikely urge warn
        warning way willing willingness wish wonder
        """
    ),
    purposes=words("attempt bid effort order"),
    refusing=words(
        """
        call_off rule_out turn_down break_off hold_off ward_off head_off stave_off fend_off back_out
        abandon absence avert avoid ban bar block cancel cancellation decline denial deny dispute drop fail failure
        foil forbid forego forgo halt inability lack lack-of miss neglect oppose opposition preclude prevent
        prohibit prohibition refusal refuse reject rejection reluctance reluctant resist rule scrap shelve short stave
        stop thwart unable unwilling unwillingness veto
        """
    ),
    achieving=words(
        """
        able act allow appear begin believe bring cause come compel continue enable end find finish force get go-on
        happen hear help join keep know lead let make manage move permit proceed prove remain report resume return
        rush say see seem serve claim start succeed take use work
        """
    ),
    negative_words=words("hardly n't neither never no nobody none nor not nothing n’t"),
    ending_words=words("longer more"),
    contrast_words=words("but"),
    excluding_words=words("than not"),
    preferring_words=words("rather instead"),
    limiting_words=words("just merely only simply yet"),
    negative_prepositions=words("barring instead without"),
    past_prepositions=words("after alongside amid because despite following since under"),
    planned_adjectives=words(
        """
        coming expected forthcoming future imminent impending next planned scheduled upcoming
        """
    ),
    unreal_adjectives=words(
        """
        any feared further future-possible hypothetical likely possible potential proposed threatened would-be
        """
    ),
    past_adjectives=words("deadly earlier fatal last latest past previous recent yesterday"),
    saying=words(
        """
        acknowledge add admit announce argue believe claim conclude confirm declare estimate expect explain indicate
        insist note pledge predict promise read reply report respond reveal say show state suggest tell think vow
        warn write
        """
    ),
    opining=words("argue believe estimate expect forecast guess predict reckon suggest think"),
    ranking=words("first second third fourth fifth last latest only next sole"),
    standing=words(
        """
        attempt business debt demand duty effort estimate experience job loss operation plan production programme
        program work
        """
    ),
    carriers=words(
        """
        announce attend begin carry commit conduct deliver do end express finish give have hold host impose issue
        launch lead make mark mount offer open organise organize pay perform reach resume sign stage start stop
        strike suspend take undertake
        """
    ),
    content_prepositions=words("about against at for from into of on to toward towards"),
    topic_prepositions=words("about concerning on over regarding"),
    definite_words=words("that the these this those"),
)
