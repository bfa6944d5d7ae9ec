"""Made-up customers are like real ones, and always the same."""

from __future__ import annotations

import csv
import io

from churn.synthetic import make_customers


def test_equal_seeds_make_equal_customers() -> None:
    assert make_customers(50, seed=7) == make_customers(50, seed=7)
    assert make_customers(50, seed=7) != make_customers(50, seed=8)


def test_about_one_in_seven_customers_leaves(customers: str) -> None:
    labels = [row["Churn?"] for row in csv.DictReader(io.StringIO(customers))]
    assert set(labels) == {"True.", "False."}
    assert 0.1 < labels.count("True.") / len(labels) < 0.2


def test_the_header_is_that_of_the_churn_data(customers: str) -> None:
    assert customers.splitlines()[0] == (
        "State,Account Length,Area Code,Phone,Int'l Plan,VMail Plan,VMail Message,Day Mins,Day Calls,Day Charge,"
        "Eve Mins,Eve Calls,Eve Charge,Night Mins,Night Calls,Night Charge,Intl Mins,Intl Calls,Intl Charge,"
        "CustServ Calls,Churn?"
    )
