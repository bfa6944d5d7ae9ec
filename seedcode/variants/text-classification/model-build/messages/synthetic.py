"""Nothing in, made-up messages of customers as CSV out (to `prepare`), until there are real ones; always the same."""

from __future__ import annotations

import csv
import io
import random
import sys

MESSAGES = 3000
MISTAKEN = 0.02
"""Share of the labels that are wrong, as people's are."""
OPENINGS = ("Hello", "Good morning", "Dear team", "Hi there", "To whom it may concern", "Hi")
THINGS = (
    "router",
    "phone",
    "subscription",
    "invoice",
    "tablet",
    "voice mail",
    "data plan",
    "SIM card",
    "delivery",
    "app",
)
ADVERBS = ("again", "still", "now", "since Monday", "for a week", "today", "since the update", "this morning")
COMPLAINTS = (
    "my {thing} does not work {adverb} and nobody answers",
    "the {thing} broke {adverb}, I want my money back",
    "I was charged twice for the {thing} {adverb}",
    "the {thing} is {adverb} slow, this is unacceptable",
    "I have waited {adverb} for the {thing} and am very disappointed",
    "your service is terrible, the {thing} failed {adverb}",
    "I was promised a {thing} that works, not this {adverb}",
    "cancel my {thing}, I am fed up {adverb}",
)
OTHERS = (
    "how do I set up the {thing} {adverb}",
    "could you tell me the price of a {thing}",
    "thank you, the {thing} works {adverb}",
    "I would like to order a second {thing}",
    "where can I find the manual of the {thing}",
    "please change the address on my {thing}",
    "is the {thing} available in blue {adverb}",
    "I am happy with the {thing}, great service",
)
CLOSINGS = ("", "Thanks.", "Regards.", "Please answer soon.", "Best wishes.", "Kind regards from a customer.")


def make_messages(count: int = MESSAGES, seed: int = 1) -> str:
    """Return CSV text with a header; the same arguments give the same text."""
    generator = random.Random(seed)  # noqa: S311 - made-up messages, no secrets
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("text", "label"))
    writer.writerows(_message(generator, number) for number in range(1, count + 1))
    return text.getvalue()


def _message(generator: random.Random, number: int) -> tuple[str, str]:
    complains = generator.random() < 0.4
    sentence = generator.choice(COMPLAINTS if complains else OTHERS)
    words = sentence.format(thing=generator.choice(THINGS), adverb=generator.choice(ADVERBS))
    parts = (f"{generator.choice(OPENINGS)},", f"{words}.", f"Customer {number}.", generator.choice(CLOSINGS))
    mistaken = generator.random() < MISTAKEN
    return " ".join(filter(None, parts)), "complaint" if complains != mistaken else "other"


if __name__ == "__main__":
    sys.stdout.write(make_messages())
