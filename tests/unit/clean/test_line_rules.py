"""Phrases of lines that are no text of a story."""

import pytest

from newslake.pipeline.clean.line_rules import PHRASE_RULES, phrase_rule_of


@pytest.mark.parametrize(
    ("place", "rule", "line"),
    [
        ("any", "follow", "Folgen Sie uns auf Facebook und Instagram"),
        ("any", "follow", "Síguenos en Facebook"),
        ("any", "newsletter_form", "Suscríbete a nuestro boletín"),
        ("any", "newsletter_form", "The best of the harbour, delivered to your inbox"),
        ("any", "comment_form", "Your email address will not be published."),
        ("any", "also_read", "Lire aussi Le port de l'hiver"),
        ("any", "also_read", "Czytaj też: Port zimą"),
        ("any", "video_label", "Watch our video"),
        ("any", "image_label", "Open image in gallery"),
        ("any", "image_label", "Image 2 of 14"),
        ("any", "image_label", "2/14"),
        ("any", "image_label", "Bild vergrößern"),
        ("any", "image_label", "Listen to this article"),
        ("any", "advertising_label", "Passer la publicité"),
        ("any", "comment_form", "You must confirm your public display name before commenting"),
        ("head", "time_line", "Lesedauer: 4 Minuten"),
        ("head", "time_line", "10.11.2025 17:59"),
        ("head", "time_line", "Stand: 22.04.2031, 06:00 Uhr"),
        ("head", "trail", "Home > News > Politics"),
        ("tail", "copyright", "For reprint rights, contact syndication@post.example"),
        ("tail", "copyright", "To order presentation-ready copies for your colleagues, visit www.reprints.example."),
        ("tail", "feedback", "Do you know more? Email our reporters at tips@post.example."),
        ("any", "advertising_label", "Anzeige: Heute mal ausgehen?"),
        ("any", "shop_label", "Prints, mugs and t-shirts"),
        ("any", "promotion", "Please RSVP by Friday"),
        ("any", "donation_account", "Per Überweisung, IBAN: XX30 1234 5678"),
        ("any", "disclosure", "If you buy through our links, we may receive a fee or an affiliate commission."),
        ("head", "by_fragment", "By"),
        ("tail", "copyright", "This article was originally published in the Harbour Post."),
        ("tail", "publisher_note", "The views expressed here are the author's own."),
        ("tail", "author_line", "About the author"),
        ("tail", "feedback", "Got a tip? Write to the desk."),
        ("tail", "subscription_terms", "Your plan renews automatically. Cancel anytime."),
    ],
)
def test_line_of_the_publisher_has_its_rule(place: str, rule: str, line: str) -> None:
    """A line that the publisher adds to each story is known by its phrase, in any language."""
    assert phrase_rule_of(line, words=len(line.split()), place=place) == rule  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["any", "head", "tail"])
@pytest.mark.parametrize(
    "line",
    [
        "Thousands follow the boats on the radio.",
        "Open images of the quay were shown in court.",
        "Image 2 of the series shows the ferry.",
        "He listens to this story each night.",
        "On 10.11.2025 the ferry sailed again.",
        "Home is where the ferry lands > he said.",
        "For reprints of her novel she asked nothing.",
        "Do you know more people like her?",
        "The newsletter of the harbour office was found in a drawer.",
        "The mayor gave no comment on the vote.",
        "She reads more than her opponents do.",
        "The video shows the ferry at the quay.",
        "Buying the quay would cost 40 million crowns.",
        "The members of the council meet on Friday.",
        "The summit can be reached by a path.",
        "By Friday the ice was gone.",
        "The court said that the state may receive money from the sale.",
        "La investigación sigue abierta y los abogados de Facebook no han respondido.",
        "Eine Million Menschen folgt ihr auf Instagram.",
        "Curta-metragem sobre o Instagram vence o festival de Arlen.",
        "Rund 300.000 Leser abonnieren den Newsletter der Zeitung, teilte der Verlag mit.",
        "Ambos gobiernos suscribieron ayer un convenio que se publicará en el Boletín Oficial.",
        "Bültende 20 yeni vakanın kayıt altına alındığı belirtildi.",
        "No comment yet from the ministry on the leaked report.",
        "Keine Kommentare gab es zunächst aus dem Ministerium.",
        "Leggi anche più severe sono state chieste dal sindacato.",
        "This ad has drawn complaints from 200 viewers.",
        "Publicidad engañosa: multan a una operadora con dos millones.",
        "Continúa tras las rejas el exalcalde de Arlen.",
        "Anzeigen-Boykott trifft den Konzern hart.",
        "Nach der Anzeige ermittelt nun die Staatsanwaltschaft.",
        "Buy now, pay later lenders face new rules",
        "Customers will be able to cancel any time under the new law, the regulator said.",
        "Der Vertrag des Trainers verlängert sich automatisch, wenn der Klub aufsteigt.",
        "The state of emergency is automatically renewed every three months.",
        "“You will be charged with murder,” the judge told him.",
        "“You have reached all the limits of my patience,” the mayor said after reading it.",
        "Union members get a pay rise of four per cent in January, the employer said.",
        "Download the council app before you travel, the operator advised.",
        "Früher wurden die Dorfbewohner mit einer Glocke über Brände informiert.",
        "Die Stadt hat ein Spendenkonto für die Opfer des Brandes eingerichtet.",
        "Bitcoin worth three billion pounds was found in a wallet that police had seized.",
        "“I might make some money from it,” said Lorn, who learned the craft from her father.",
        "Die Vermittlerin kassierte eine Provision des Anbieters, sagte der Zeuge.",
        "El ministro puede recibir a la comisión de afectados este jueves.",
        "Il ministro riceve la commissione d'inchiesta giovedì.",
        "De Europese Commissie zal het rapport in mei ontvangen.",
        "O prefeito pode receber a comissão de moradores na sexta.",
        "Copyright holders sued the firm in March.",
        "This report was published a day after the minister resigned.",
        "Food parcels were distributed by the UN agency for refugees.",
        "Nachdruck legte die Ministerin auf den Schutz der Kinder.",
        "Dieser Text ist am Montag im Parlament beschlossen worden.",
        "The spokesman said the remarks do not necessarily reflect the position of the government.",
        "Die Regierung macht sich diese Einschätzung nicht zu eigen, sagte ein Sprecher.",
        "El contenido del contrato es responsabilidad de la alcaldía, dijo la ministra.",
        "Les propos du ministre n'engagent que lui, a réagi le parti.",
        "Über den Autor des Schreibens ist nichts bekannt, sagte die Polizei.",
        "Sobre el autor del disparo no hay datos, dijo la policía.",
        "Hinweise auf den Täter? Die Polizei schweigt.",
        "Envía Senado a comisiones la reforma de pensiones.",
        "Une erreur judiciaire a été reconnue en appel mardi.",
        "Send your children to school, the minister urged parents on Monday.",
    ],
)
def test_sentence_of_a_story_has_no_rule(place: str, line: str) -> None:
    """A sentence that only uses such a word is text of the story."""
    assert phrase_rule_of(line, words=len(line.split()), place=place) is None  # type: ignore[arg-type]


def test_phrases_are_in_lower_case() -> None:
    """Lines are compared in lower case, so that a capital letter in a phrase would never match."""
    for rule in PHRASE_RULES:
        for pattern in filter(None, (rule.start, rule.inside)):
            plain = pattern.pattern.replace("\\W", "").replace("\\S", "").replace("\\D", "")
            assert plain == plain.lower(), rule.name
