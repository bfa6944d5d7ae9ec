"""A seed in, made-up customers with the columns of the churn data out: what is trained on until there are real ones."""

from __future__ import annotations

import csv
import io
import math
import random
import sys
from collections.abc import Mapping

CUSTOMERS = 5000
STATES = (  # noqa: SIM905 - fifty-one quoted strings read worse
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK "
    "OR PA RI SC SD TN TX UT VA VT WA WI WV WY"
).split()
AREA_CODES = ("408", "415", "510")
PERIODS = {"Day": (180.0, 54.0, 0.17), "Eve": (200.0, 50.0, 0.085), "Night": (200.0, 50.0, 0.045)}
"""Mean and deviation of the minutes, and what a minute costs."""
INTERNATIONAL_RATE = 0.27

BASE_CHURN = 0.015
DISSATISFIED_CHURN = 0.85
EXPENSIVE_CHURN = 0.92
ABROAD_CHURN = 0.95

Customer = dict[str, str | int | float]


def make_customers(count: int = CUSTOMERS, seed: int = 1) -> str:
    """Return CSV text with a header; the same arguments give the same text.

    The customers leave for reasons like those in the real data: many calls to customer service with little use, a
    high bill without voice mail, or an international plan that does not fit how they call.
    """
    generator = random.Random(seed)  # noqa: S311 - made-up customers, no secrets
    customers = [_make_customer(generator) for _ in range(count)]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(customers[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(customers)
    return text.getvalue()


def _make_customer(generator: random.Random) -> Customer:
    voice_mail = generator.random() < 0.27
    abroad = generator.random() < 0.1
    customer: Customer = {
        "State": generator.choice(STATES),
        "Account Length": _positive(generator, 100, 40),
        "Area Code": generator.choice(AREA_CODES),
        "Phone": f"{generator.randrange(327, 423)}-{generator.randrange(10_000):04}",
        "Int'l Plan": "yes" if abroad else "no",
        "VMail Plan": "yes" if voice_mail else "no",
        "VMail Message": _positive(generator, 29, 8) if voice_mail else 0,
    }
    for period, (mean, deviation, rate) in PERIODS.items():
        minutes = round(max(0.0, generator.gauss(mean, deviation)), 1)
        customer |= {
            f"{period} Mins": minutes,
            f"{period} Calls": _positive(generator, 100, 20),
            f"{period} Charge": round(minutes * rate, 2),
        }
    minutes = round(max(0.0, generator.gauss(10.2, 2.8)), 1)
    customer |= {
        "Intl Mins": minutes,
        "Intl Calls": 1 + _poisson(generator, 3.5),
        "Intl Charge": round(minutes * INTERNATIONAL_RATE, 2),
        "CustServ Calls": _poisson(generator, 1.56),
    }
    churned = generator.random() < _churn_probability(customer)
    return customer | {"Churn?": "True." if churned else "False."}


def _churn_probability(customer: Mapping[str, str | int | float]) -> float:
    value = {name: float(amount) for name, amount in customer.items() if isinstance(amount, int | float)}
    bill = sum(value[f"{period} Charge"] for period in (*PERIODS, "Intl"))
    if customer["Int'l Plan"] == "yes" and (value["Intl Mins"] > 13 or value["Intl Calls"] <= 2):
        return ABROAD_CHURN
    if customer["VMail Plan"] == "no" and bill > 74:
        return EXPENSIVE_CHURN
    if value["CustServ Calls"] >= 4 and value["Day Mins"] < 190:
        return DISSATISFIED_CHURN
    return BASE_CHURN


def _positive(generator: random.Random, mean: float, deviation: float) -> int:
    return max(1, round(generator.gauss(mean, deviation)))


def _poisson(generator: random.Random, mean: float) -> int:
    """Knuth's method: fine for small means, and the standard library has none."""
    count, product = 0, generator.random()
    while product > math.exp(-mean):
        count += 1
        product *= generator.random()
    return count


if __name__ == "__main__":
    sys.stdout.write(make_customers())
