"""Any number of invented articles, from a seed."""

import random

TOWNS = ("Thornmere", "Vessmouth", "Merrowby", "Osprey Gate", "Lower Quill", "Harrowick", "Saltby", "Penfold Cross")
NAMES = ("Rufina Cask", "Osgood Trent", "Constance Umber", "Ivo Marrable", "Sybil Hask", "Dorian Pell", "Maud Lintern")
ROLES = ("harbour master", "council leader", "head teacher", "police superintendent", "union secretary", "ferry owner")
THINGS = ("the new pier", "a night bus", "the flood wall", "a tax on moorings", "the old mill", "a second lighthouse")
DEEDS = ("approved", "rejected", "criticised", "promised to repair", "agreed to buy", "refused to pay for")
MORE = (
    "Residents marched to the town hall on Tuesday and handed over a petition with {count} names.",
    "The work will cost £{count},000 and is due to begin in the spring.",
    "A report published last week counted {count} complaints from shopkeepers near the quay.",
    "Talks between {town} and the county will go on next month.",
    "Nobody was hurt when part of the roof fell in, the fire brigade said, but {count} people were sent home.",
    "The company that built it declined to answer questions about the {count} missing invoices.",
    "Fishermen from {town} blocked the road for three hours before officers moved them on.",
)


def article(number: int, *, seed: int) -> tuple[str, str]:
    """Return title and text of one article, which depend only on the numbers."""
    chance = random.Random(f"{seed}.{number}")
    town, thing, deed = chance.choice(TOWNS), chance.choice(THINGS), chance.choice(DEEDS)
    name, other = chance.sample(NAMES, 2)
    role, other_role = chance.sample(ROLES, 2)
    title = f"{town} {deed} {thing}, sitting {number} of {seed}"
    said = f"“We have waited {chance.randint(2, 40)} years for {thing}, and we will not wait for another winter,” said"
    reported = f"told the meeting that {thing} was “a promise with {chance.randint(2, 90)} holes in it”."
    sentences = [
        line.format(town=chance.choice(TOWNS), count=chance.randint(11, 900)) for line in chance.sample(MORE, k=5)
    ]
    body = (
        f"The council of {town} {deed} {thing} on Monday after a sitting of {chance.randint(3, 11)} hours, "
        f"the {number}th that it has held on the matter.",
        f"{said} {name}, the {role} of {town}.",
        " ".join(sentences[:3]),
        f"{other}, {other_role} of {chance.choice(TOWNS)}, {reported}",
        " ".join(sentences[3:]),
    )
    return title, "\n\n".join((title, *body)) + "\n"
