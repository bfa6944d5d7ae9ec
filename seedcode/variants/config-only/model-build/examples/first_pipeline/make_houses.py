"""Nothing in, made-up houses out as CSV without a header: price, rooms, square metres, age; the same ones each time."""

from __future__ import annotations

import random
import sys

HOUSES = 1000


def make_houses(count: int = HOUSES) -> str:
    """Return the text of a data file."""
    generator = random.Random(1)  # noqa: S311 - made-up houses, not secrets
    return "".join(f"{','.join(map(str, _house(generator)))}\n" for _ in range(count))


def _house(generator: random.Random) -> tuple[int, int, int, int]:
    rooms, age = generator.randint(1, 8), generator.randint(0, 100)
    metres = round(rooms * generator.uniform(15, 30))
    price = round(20_000 + 2_500 * metres - 400 * age + generator.gauss(0, 5_000))
    return price, rooms, metres, age


if __name__ == "__main__":
    sys.stdout.write(make_houses())
