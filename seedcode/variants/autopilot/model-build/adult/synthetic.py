"""Nothing in, made-up people with the columns of the UCI Adult data out; the same ones each time."""

from __future__ import annotations

import random
import sys

PEOPLE = 4000
WORKCLASSES = ("Private", "Self-emp-not-inc", "Local-gov", "State-gov", "?")
EDUCATIONS = ("HS-grad", "Some-college", "Assoc-voc", "Bachelors", "Masters", "Doctorate")
OCCUPATIONS = ("Craft-repair", "Sales", "Adm-clerical", "Exec-managerial", "Prof-specialty", "?")
LABELS = ("<=50K", ">50K")
STATUSES = ("Married-civ-spouse", "Never-married", "Divorced")


def make_people(count: int = PEOPLE) -> str:
    """Return the text of a data file: no header, and a space before each value, as UCI's file has it."""
    generator = random.Random(1)  # noqa: S311 - made-up people, not secrets
    return "".join(f"{', '.join(map(str, _person(generator)))}\n" for _ in range(count))


def _person(generator: random.Random) -> list[str | int]:
    education = generator.randrange(len(EDUCATIONS))
    status = generator.choice(STATUSES)
    person: dict[str, str | int] = {
        "age": generator.randint(17, 80),
        "workclass": generator.choice(WORKCLASSES),
        "fnlwgt": generator.randint(20_000, 500_000),
        "education": EDUCATIONS[education],
        "education-num": 9 + education,
        "marital-status": status,
        "occupation": generator.choice(OCCUPATIONS),
        "relationship": "Husband" if status.startswith("Married") else "Not-in-family",
        "race": "White",
        "sex": generator.choice(("Male", "Female")),
        "capital-gain": generator.choice((0, 0, 0, 0, 7688, 15024)),
        "capital-loss": generator.choice((0, 0, 0, 1887)),
        "hours-per-week": generator.randint(10, 70),
        "native-country": "United-States",
    }
    return [*person.values(), LABELS[_wealth(person, generator) > 0]]


def _wealth(person: dict[str, str | int], generator: random.Random) -> float:
    age, hours = int(person["age"]), int(person["hours-per-week"])
    score = 0.04 * (min(age, 60) - 40) + 0.5 * (int(person["education-num"]) - 12) + 0.05 * (hours - 45)
    score += 1.2 if person["relationship"] == "Husband" else -1.0
    score += 3.0 if int(person["capital-gain"]) > 7000 else 0.0
    return score + generator.gauss(0, 0.8)


if __name__ == "__main__":
    sys.stdout.write(make_people())
