#!/usr/bin/env python3
"""Held-out error of the usual regression on store-level scanner data: one log-log
least squares a store and brand, on its own price or on the prices of all brands,
with promotion and feature. The file is that of examples/price_response.rs.

usage: scripts/price_response_rival.py FILE [LAST_WEEK ...]      (default 100 120 140)
needs: numpy
"""

import csv
import sys
from collections import defaultdict

import numpy as np

BRANDS = 11
LEAST_ROWS = 20


def read(path):
    """Rows by store and brand: week, logarithm of units, of all prices, promotion, feature."""
    series = defaultdict(list)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            prices = [np.log(float(row[f"price{brand}"])) for brand in range(1, BRANDS + 1)]
            extra = [float(row["deal"]), float(row["feat"])]
            series[row["store"], int(row["brand"])].append(
                [float(row["week"]), float(row["logmove"]), *prices, *extra]
            )
    return {key: np.array(rows) for key, rows in series.items()}


def held_out(series, last, with_rivals):
    """Weighted absolute error of the median over the weeks after `last`."""
    off = sold = 0.0
    for (_, brand), rows in series.items():
        past, later = rows[rows[:, 0] <= last], rows[rows[:, 0] > last]
        if len(past) < LEAST_ROWS or len(later) == 0:
            continue
        prices = list(range(2, 2 + BRANDS)) if with_rivals else [1 + brand]
        columns = [*prices, 2 + BRANDS, 3 + BRANDS]

        def design(part):
            return np.column_stack([np.ones(len(part)), part[:, columns]])

        beta = np.linalg.lstsq(design(past), past[:, 1], rcond=None)[0]
        units = np.exp(later[:, 1])
        off += np.abs(np.exp(design(later) @ beta) - units).sum()
        sold += units.sum()
    return off / sold


def main():
    arguments = sys.argv[1:]
    if not arguments:
        sys.exit(__doc__)
    series = read(arguments[0])
    print("last week   own price   all prices")
    for last in [float(week) for week in arguments[1:]] or [100.0, 120.0, 140.0]:
        own, all_prices = held_out(series, last, False), held_out(series, last, True)
        print(f"{last:9.0f} {own:11.4f} {all_prices:12.4f}")


if __name__ == "__main__":
    main()
