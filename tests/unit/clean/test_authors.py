"""Authors are people; agencies, desks and outlets are credits."""

import pytest
from pages_for_clean import html_of, page_of

from newslake.pipeline.clean import extract


def _authors(head: str, extra: str = "") -> tuple[str, ...]:
    return extract(page_of(html_of(head=head, extra=extra)), source_key="s").authors


@pytest.mark.parametrize(
    ("content", "authors"),
    [
        ("By Jo Marrick", ("Jo Marrick",)),
        ("By Jo Marrick and Tess O’Dell", ("Jo Marrick", "Tess O’Dell")),
        ("JO MARRICK", ("Jo Marrick",)),
        ("Jo Marrick, Political Editor", ("Jo Marrick",)),
        ("Diego Marl Jr.", ("Diego Marl Jr.",)),
        ("Harbour Post Staff", ()),
        ("https://www.social.example/jo", ()),
        ("jo@harbourpost.example", ()),
        ("Reuters", ()),
        ("Harbourpost", ()),
    ],
)
def test_meta_author(content: str, authors: tuple[str, ...]) -> None:
    """Prefixes, roles, addresses, organisations and the publisher are not part of a name."""
    assert _authors(f'<meta name="author" content="{content}">') == authors


def _signed(head: str, extra: str = "") -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the authors, and the credits as kind by name."""
    html = html_of(head=head).replace("</h1>", f"</h1>{extra}")
    article = extract(page_of(html), source_key="s")
    return article.authors, {credit.name: credit.kind for credit in article.credits}


def _linked(author: str) -> str:
    site = '"publisher":{"@type":"Organization","name":"Harbour Post"}'
    return f'<script type="application/ld+json">{{"@type":"NewsArticle",{site},"author":{author}}}</script>'


@pytest.mark.parametrize(
    ("author", "authors", "credited"),
    [
        ('[{"@type":"Person","name":"Jo Marrick"},{"@type":"Person","name":"Tess Amberley"}]',
         ("Jo Marrick", "Tess Amberley"), {}),
        ('{"@type":"Person","name":["Jo Marrick","Tess Amberley"]}', ("Jo Marrick", "Tess Amberley"), {}),
        ('{"@type":"Person","givenName":"Jo","familyName":"Marrick"}', ("Jo Marrick",), {}),
        ('{"@type":"Person","name":"The Associated Press"}', (), {"The Associated Press": "agency"}),
        ('{"@type":"Person","name":"Jo Marrick, Associated Press"}', ("Jo Marrick",), {"Associated Press": "agency"}),
        ('[{"@type":"Person","name":"Jo Marrick"},{"@type":"Person","name":"Reuters"}]',
         ("Jo Marrick",), {"Reuters": "agency"}),
        ('{"@type":"Organization","name":"Harbour Post"}', (), {"Harbour Post": "outlet"}),
        ('{"@type":"Person","name":"Harbour Post"}', (), {"Harbour Post": "outlet"}),
        ('[{"@type":"Organization","name":"Deutsche Presse-Agentur"},{"@type":"Person","name":"HP-Redaktion"}]',
         (), {"Deutsche Presse-Agentur": "agency", "HP-Redaktion": "desk"}),
        ('{"@type":"Person","name":"Harbour Post et AFP"}', (), {"Harbour Post": "outlet", "AFP": "agency"}),
        ('{"@type":"Person","name":"Harbor Poster et AFP"}', ("Harbor Poster",), {"AFP": "agency"}),
        ('{"@type":"Person","name":"tess amberley"}', ("tess amberley",), {}),
        ('{"@type":"Person","name":"Washington"}', (), {}),
        ('[{"@type":"Person","name":"Jo Marrick, Ph.D."},{"@type":"Person","name":"Follow"}]', ("Jo Marrick",), {}),
    ],
)  # fmt: skip
def test_linked_authors(author: str, authors: tuple[str, ...], credited: dict[str, str]) -> None:
    """All people of JSON-LD are authors; organisations are credits, whatever type they have; places are nothing."""
    assert _signed(_linked(author)) == (authors, credited)


@pytest.mark.parametrize(
    ("byline", "authors", "credited"),
    [
        ("<p>Von dpa</p>", (), {"dpa": "agency"}),
        ("<p>By <a href='/j'>Jo Marrick</a> and <a href='/t'>Tess Amberley</a></p>",
         ("Jo Marrick", "Tess Amberley"), {}),
        ("<ul><li>Von: <b><a href='/j'>Jo Marrick</a>,</b> <b><a href='/t'>Tess Amberley</a></b></li></ul>",
         ("Jo Marrick", "Tess Amberley"), {}),
        ("<p class='byline'>Jo Marrick ve Tess Amberley</p>", ("Jo Marrick", "Tess Amberley"), {}),
        ("<p class='byline'>By Jo Marrick and Tess Amberley, Associated Press</p>",
         ("Jo Marrick", "Tess Amberley"), {"Associated Press": "agency"}),
        ("<p class='byline'>von harbourpost</p>", ("harbourpost",), {}),
        ("<p class='byline'>Jo Marrick (dpa)</p>", ("Jo Marrick",), {"dpa": "agency"}),
        ("<p class='byline'>Jo Marrick/SP-X</p>", ("Jo Marrick",), {"SP-X": "agency"}),
        ("<p class='byline'>By Jo Marrick, Washington</p>", ("Jo Marrick",), {}),
        ("<p class='byline'>By Jo Marrick Updated Friday, 9 May</p>", ("Jo Marrick",), {}),
        ("<figure><p class='photo-byline'>Tess Amberley</p></figure>", (), {}),
    ],
)  # fmt: skip
def test_names_of_a_visible_byline(byline: str, authors: tuple[str, ...], credited: dict[str, str]) -> None:
    """Links, "and" in many languages, commas, slashes and brackets separate names; a figure has no byline."""
    assert _signed("", byline) == (authors, credited)


def test_visible_byline_adds_the_second_author() -> None:
    """If the markup has one author and the line names that one and others, all are authors."""
    head = _linked('{"@type":"Person","name":"Jo Marrick"}')
    assert _signed(head, "<p class='byline'>By Jo Marrick and Tess Amberley</p>")[0] == ("Jo Marrick", "Tess Amberley")
    assert _signed(head, "<p class='byline'>Jo Marrick, Harbour</p>")[0] == ("Jo Marrick",)


_LEAD = f"<p>{'The council of Port Arlen voted on Tuesday for a terminal on the eastern quay. ' * 4}</p>"


@pytest.mark.parametrize(
    ("shown", "authors"),
    [
        ("<p class='byline'>By Cy Dorn and Tess Amberley</p>", ("Cy Dorn", "Tess Amberley")),
        ("<p class='byline'>By J. Marrick</p>", ("Jo Marrick",)),
        ("<p class='byline'>By Cy Dorn</p><p>Uploaded by Jo Marrick</p>", ("Jo Marrick",)),
        ("<p class='byline'>Photo: Cy Dorn</p>", ("Jo Marrick",)),
        ("<p class='byline'>Reviewed by Cy Dorn</p>", ("Jo Marrick",)),
        ("<p class='byline'>Harbour</p>", ("Jo Marrick",)),
        ("<p>By Cy Dorn</p>", ("Jo Marrick",)),
        (f"{_LEAD}<p class='byline'>By Cy Dorn</p>", ("Jo Marrick",)),
        ("<h3><a href='/other'>Ferries</a></h3><p class='byline'>By Cy Dorn</p>", ("Jo Marrick",)),
        ("<aside><p class='byline'>By Cy Dorn</p></aside>", ("Jo Marrick",)),
    ],
)
def test_byline_of_other_people_replaces_the_uploader(shown: str, authors: tuple[str, ...]) -> None:
    """A marked by-line under the headline counts more than a person of JSON-LD whom the page does not show there."""
    assert _signed(_linked('{"@type":"Person","name":"Jo Marrick"}'), shown)[0] == authors


@pytest.mark.parametrize(
    ("name", "authors", "credited"),
    [
        ("harbour", (), {"harbour": "outlet"}),
        ("HARBOUR", (), {"HARBOUR": "outlet"}),
        ("HP", (), {}),
        ("ARLENTEAM", (), {"ARLENTEAM": "desk"}),
        ("webdesk", (), {"webdesk": "desk"}),
        ("hpadmin", (), {}),
        ("quayside", (), {}),
        ("Harbin", ("Harbin",), {}),
        ("Creating Harbour Search Engines", (), {}),
        ("Letters To The", (), {}),
        ("Meet Marrick", ("Meet Marrick",), {}),
        ("Kim To", ("Kim To",), {}),
        ("Abu Marrick al-Din", ("Abu Marrick al-Din",), {}),
        ("By Ministry of Quays and Fishing", (), {"Ministry of Quays and Fishing": "outlet"}),
        ("Tess van der Amberley", ("Tess van der Amberley",), {}),
        ("Sterling Marrick", ("Sterling Marrick",), {}),
        ("Jo Marrick, Tess Amberley, 7 News HARBOURPOST", ("Jo Marrick", "Tess Amberley"),
         {"7 News HARBOURPOST": "outlet"}),
        ("Jo Marrick, Tess Harbourpost", ("Jo Marrick", "Tess Harbourpost"), {}),
        ("Arlen Customs and Border Protection", (), {"Arlen Customs and Border Protection": "outlet"}),
        ("Ministry of Quays and Fishing", (), {"Ministry of Quays and Fishing": "outlet"}),
        ("Jo Marrick and Arlen University", ("Jo Marrick",), {"Arlen University": "outlet"}),
    ],
)  # fmt: skip
def test_accounts_taglines_and_organisations_are_no_people(
    name: str, authors: tuple[str, ...], credited: dict[str, str]
) -> None:
    """Accounts of the house, logins, taglines and the outlet among people are no people; an organisation is whole."""
    assert _signed(_linked(f'{{"@type":"Person","name":"{name}"}}')) == (authors, credited)


@pytest.mark.parametrize(
    ("shown", "authors"),
    [
        ("<div><b>By</b></div><div><i>Jo Marrick</i></div>", ("Jo Marrick",)),
        ("<h5>Autor:</h5>Jo Marrick", ("Jo Marrick",)),
        ("<div><a href='/people/jo-marrick'>Jo Marrick</a></div>", ("Jo Marrick",)),
        ("<div><a href='/places/port-arlen'>Port Arlen</a></div>", ()),
        ("<p>Since 2030 <a href='/people/jo-marrick'>Jo Marrick</a> has said that the old harbour is far too small for "
         "all the ferries of the town and its islands, which are many</p>", ()),
        ("<p>4.5.2031 - Jo Marrick</p>", ("Jo Marrick",)),
        ("<p><span>Jo Marrick |</span> <span>04.05.2031</span></p>", ("Jo Marrick",)),
        ("<p>4.5.2031 - Port Arlen - Jo Marrick</p>", ()),
        ("<div class='license'><a class='verfasser' href='https://www.flickr.com/x'>Jo Marrick</a></div>", ()),
        ("<div><p class='author'>Photo by Jo Marrick</p></div>", ()),
        ("<p>Photo by Jo Marrick</p>", ()),
        ("<div class='verfasser'><a rel='tag' href='/t/x'>Harbour Quay</a></div>", ()),
    ],
)  # fmt: skip
def test_byline_without_markup(shown: str, authors: tuple[str, ...]) -> None:
    """A name is signed under "by", as a link to its author's page, or next to the date; one of a picture is not."""
    assert _signed("", shown)[0] == authors


def test_byline_in_a_wrapper_of_teasers_is_of_the_article() -> None:
    """An element that has the headline too is the article's, whatever its class; a by-line in a teaser is not."""
    html = html_of(head="").replace("<main>", "<main class='teaser'>")
    signed = html.replace("</h1>", "</h1><p class='byline'>By Jo Marrick</p>")
    other = html.replace("</h1>", "</h1><div class='teaser'><p class='verfasser'>Von Jo Marrick</p></div>")
    assert extract(page_of(signed), source_key="s").authors == ("Jo Marrick",)
    assert extract(page_of(other), source_key="s").authors == ()


def test_second_byline_after_the_house_account_names_the_writer() -> None:
    """If the account of the house signs first, the person who signs next is the author."""
    assert _signed("", "<p class='byline'>by HARBOUR</p><p>by Jo Marrick</p>")[0] == ("Jo Marrick",)


def test_agency_of_the_line_counts_more_than_the_outlet_of_the_markup() -> None:
    """A visible agency or person replaces an outlet in JSON-LD."""
    head = _linked('{"@type":"Organization","name":"Harbour Post"}')
    assert _signed(head, "<div class='article-author'><p>von</p><div>APA</div></div>") == ((), {"APA": "agency"})
    assert _signed(head, "<p>By Jo Marrick</p>") == (("Jo Marrick",), {})


def test_desk_of_the_markup_signs_before_a_line_after_the_story() -> None:
    """Where the markup names a desk, a marked line after the story is of its editors; one above it names the writer."""
    head = _linked('{"@type":"Organization","name":"Redaktion Harbour"}')
    line = "<p class='byline'>Redaktion: Jo Marrick</p>"
    assert _signed(head, f"{_LEAD}{line}") == ((), {"Redaktion Harbour": "desk"})
    assert _signed(head, f"<p class='byline'>Von Jo Marrick</p>{_LEAD}")[0] == ("Jo Marrick",)


def test_words_before_the_word_for_by_are_no_name() -> None:
    """Whoever wrote a story and took its photos is one author."""
    assert _signed("", "<p class='byline'>Story and photos by Jo Marrick</p>")[0] == ("Jo Marrick",)


def test_link_to_a_team_is_no_byline() -> None:
    """The page of a team or of a person in the news is linked under a headline, too."""
    assert _signed("", "<div><a href='/team/arlen-rovers'>Arlen Rovers</a></div>")[0] == ()


def test_blog_of_one_person_has_an_author() -> None:
    """A person who is also the publisher is the author, and no outlet."""
    node = '{"@type":["Person","Organization"],"name":"Harbour Postlethwaite"}'
    html = f'<script type="application/ld+json">{{"@type":"Article","publisher":{node},"author":{node}}}</script>'
    assert _signed(html) == (("Harbour Postlethwaite",), {})


def test_byline_in_the_page() -> None:
    """Without markup a byline link gives the author."""
    assert _authors("", '<a rel="author" href="/jo">By Jo Marrick</a>') == ("Jo Marrick",)


def test_person_typed_as_both_is_a_person() -> None:
    """Some content management systems type a site's only author as Person and Organization; this is a person."""
    node = '{"@type":"NewsArticle","author":{"@type":["Person","Organization"],"name":"Tess Amberley"}}'
    assert _authors(f'<script type="application/ld+json">{node}</script>') == ("Tess Amberley",)


@pytest.mark.parametrize(
    ("extra", "authors"),
    [
        ('<div class="byline">By Jo Marrick and Tess O’Dell, Port Arlen</div>', ("Jo Marrick", "Tess O’Dell")),
        ('<span class="post-author"><a href="/jo">Jo Marrick</a></span>', ("Jo Marrick",)),
        ("<p>Von Jo Marrick</p>", ("Jo Marrick",)),
        ("<p>Par JO MARRICK et TESS AMBERLEY</p>", ("Jo Marrick", "Tess Amberley")),
        ("<p>Por Jo Marrick</p>", ("Jo Marrick",)),
        ("<p>By Friday the harbour had frozen over and nobody came.</p>", ()),
        ('<div class="comments"><span class="author">Grim Visitor</span></div>', ()),
    ],
)
def test_byline_near_the_headline(extra: str, authors: tuple[str, ...]) -> None:
    """A line that starts with "by", or in an element with a byline class, gives the authors; comments do not."""
    html = html_of(head="").replace("</h1>", f"</h1>{extra}")
    assert extract(page_of(html), source_key="s").authors == authors


def test_fuller_name_replaces_a_forename() -> None:
    """If markup gives a handle or forename, its fuller form in the byline is the name."""
    html = html_of(head='<meta name="author" content="Jo">').replace("</h1>", '</h1><p class="byline">Jo Marrick</p>')
    assert extract(page_of(html), source_key="s").authors == ("Jo Marrick",)


def test_list_of_categories_has_no_authors() -> None:
    """Several single words in the author field are categories."""
    assert _authors('<meta name="author" content="Harbour, Business, Culture">') == ()


def test_social_card_label_gives_the_author() -> None:
    """The "Written by" label of a card is used, its reading time is not."""
    card = '<meta name="twitter:label1" content="{}"><meta name="twitter:data1" content="{}">'
    assert _authors(card.format("Written by", "Jo Marrick")) == ("Jo Marrick",)
    assert _authors(card.format("Reading time", "Four Minutes")) == ()


@pytest.mark.parametrize(
    ("content", "authors", "credited"),
    [
        ("dpa/Jo Marrick", ("Jo Marrick",), {"dpa": "agency"}),
        ("AFP avec Jo Marrick", ("Jo Marrick",), {"AFP": "agency"}),
        ("Par Jo Marrick avec AFP", ("Jo Marrick",), {"AFP": "agency"}),
        ("Jo Marrick (avec AFP)", ("Jo Marrick",), {"AFP": "agency"}),
        ("Jo Marrick con agencias", ("Jo Marrick",), {"agencias": "agency"}),
        ("Jo Marrick com Lusa", ("Jo Marrick",), {"Lusa": "agency"}),
        ("AFP und Reuters", (), {"AFP": "agency", "Reuters": "agency"}),
        ("Jo Marrick CNN", ("Jo Marrick",), {"CNN": "outlet"}),
        ("AFP in Arlen", (), {"AFP in Arlen": "agency"}),
    ],
)
def test_person_with_an_agency(content: str, authors: tuple[str, ...], credited: dict[str, str]) -> None:
    """A person and an agency in one text are an author and a credit; an agency with its place is one credit."""
    assert _signed(f'<meta name="author" content="{content}">') == (authors, credited)


@pytest.mark.parametrize(
    ("name", "content", "authors"),
    [
        ("dc.creator", "Marrick, Jo", ("Jo Marrick",)),
        ("citation_author", "van der Meer, Anne M.", ("Anne M. van der Meer",)),
        ("dc.creator", "Jo Marrick", ("Jo Marrick",)),
        ("dc.creator", "Luque Vale, Ana", ("Ana Luque Vale",)),
        ("dc.creator", "Jo Marrick, Tess Amberley", ("Jo Marrick", "Tess Amberley")),
        ("parsely-author", "Jo Marrick, Tess Amberley", ("Jo Marrick", "Tess Amberley")),
        ("author", "Jo Marrick, London; Tess Amberley, Paris", ("Jo Marrick", "Tess Amberley")),
        ("author", "Marrick, Jo; Amberley, Tess", ("Jo Marrick", "Tess Amberley")),
        ("author", "Marrick, Jo", ()),
        ("author", "Jo Marrick, Tess Amberley", ("Jo Marrick", "Tess Amberley")),
        ("author", "José Luque y Vale", ("José Luque y Vale",)),
        ("author", "José Luque y Ana Vale", ("José Luque", "Ana Vale")),
        ("author", "José Luque y EFE", ("José Luque",)),
    ],
)
def test_names_of_two_parts_are_never_half(name: str, content: str, authors: tuple[str, ...]) -> None:
    """A family name goes after the forename, or nobody is named; a second family name stays with the first."""
    assert _authors(f'<meta name="{name}" content="{content}">') == authors


def test_login_of_an_administrator_is_nobody() -> None:
    """The account of a site's software is not an author."""
    assert _authors('<meta name="author" content="wpadmin">') == ()


def test_markup_of_a_site_that_signs_as_a_person_names_nobody() -> None:
    """If JSON-LD has the outlet as a Person, people come only from the by-line that the page shows."""
    head = _linked('{"@type":"Person","name":"Harbour Post"}') + '<meta name="author" content="Tess Amberley">'
    assert _signed(head) == ((), {"Harbour Post": "outlet"})
    assert _signed(head, "<p class=byline>By Jo Marrick</p>")[0] == ("Jo Marrick",)


@pytest.mark.parametrize(("around", "authors"), [("article-top", ("Jo Marrick",)), ("sidebar", ())])
def test_name_that_only_its_class_marks(around: str, authors: tuple[str, ...]) -> None:
    """A name whose class says "journalist" counts, but not in a part of the page for something else."""
    named = '<p class="journalist-name">Jo Marrick</p>'
    assert _authors("", extra=f'<div class="{around}"><section>{named}</section></div>') == authors
