"""What plain ridge regressions on raw spends miss on later weeks, beside the marketing mix model.

    python scripts/mix_rival.py FOLDER

FOLDER holds dt_simulated_weekly.csv. The last 26 weeks are held out; the penalty is the best of
a grid over the three half years before. Needs numpy. The model's own figures:
`cargo run --release --example mix_figures`.
"""

import csv
import pathlib
import sys

import numpy as np

HELD_OUT = 26
SPENDS = ["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"]


def waves(weeks, count):
    """Sines and cosines of the year."""
    turn = 2 * np.pi * np.arange(weeks) / 52.18
    return np.array([f(k * turn) for k in range(1, count + 1) for f in (np.sin, np.cos)]).T


def forecast(x, y, later, penalty):
    """Ridge on standardised columns with a free intercept."""
    mean, spread = x.mean(0), x.std(0)
    spread[spread == 0] = 1
    a = (x - mean) / spread
    beta = np.linalg.solve(a.T @ a + penalty * np.eye(a.shape[1]), a.T @ (y - y.mean()))
    return (later - mean) / spread @ beta + y.mean()


def held_out(x, y):
    """WAPE and RMSE of the last weeks, with the penalty chosen before them."""
    cut = len(y) - HELD_OUT

    def past_error(penalty):
        ends = (cut - 3 * HELD_OUT, cut - 2 * HELD_OUT, cut - HELD_OUT)
        misses = [forecast(x[:e], y[:e], x[e : e + HELD_OUT], penalty) - y[e : e + HELD_OUT] for e in ends]
        return sum((miss**2).sum() for miss in misses)

    penalty = min(10.0 ** np.arange(-3, 5), key=past_error)
    miss = forecast(x[:cut], y[:cut], x[cut:], penalty) - y[cut:]
    return np.abs(miss).sum() / y[cut:].sum(), np.sqrt((miss**2).mean())


def main(folder):
    with open(pathlib.Path(folder) / "dt_simulated_weekly.csv", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name):
        return np.array([float(row[name]) for row in rows])

    y = column("revenue")
    spends = np.array([column(name) for name in SPENDS]).T
    time = np.c_[np.arange(len(y)), waves(len(y), 6)]
    events = [[row["events"] == event for row in rows] for event in ("event1", "event2")]
    controls = np.array([column("competitor_sales_B"), column("newsletter"), *events], dtype=float).T
    forms = {
        "spends": spends,
        "spends, trend, season": np.c_[spends, time],
        "spends, trend, season, controls": np.c_[spends, time, controls],
    }
    for name, x in forms.items():
        wape, rmse = held_out(x, y)
        print(f"ridge on {name}: last {HELD_OUT} weeks WAPE {100 * wape:.2f} %, RMSE {rmse:.0f}")


if __name__ == "__main__":
    main(sys.argv[1])
