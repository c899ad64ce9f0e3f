#!/usr/bin/env python3
"""Run stockpyl on the first problems of examples/single_item_speed.rs.

    pip install stockpyl
    cargo run --release --example single_item_speed -- --problems 5 | scripts/stockpyl_speed.py

Prints seconds, scaled to 1,000 problems, and the sum of the costs found.
"""

import json
import sys
import time

from stockpyl.newsvendor import newsvendor_normal, newsvendor_poisson
from stockpyl.rq import r_q_eil_approximation, r_q_poisson_exact
from stockpyl.ss import s_s_discrete_exact
from stockpyl.wagner_whitin import wagner_whitin


def lots(item, periods):
    return wagner_whitin(
        periods, item["holding_cost"], item["fixed_cost"], item["demand"][:periods]
    )[1]


def costs(item):
    return item["holding_cost"], item["shortage_cost"]


MODELS = {
    "newsvendor, normal": lambda i: newsvendor_normal(*costs(i), i["demand_mean"], i["demand_sd"])[1],
    "newsvendor, Poisson": lambda i: newsvendor_poisson(*costs(i), i["demand_mean"])[1],
    "(s,S), Poisson": lambda i: s_s_discrete_exact(*costs(i), i["fixed_cost"], True, i["demand_mean"])[2],
    "(r,Q), Poisson": lambda i: r_q_poisson_exact(*costs(i), i["fixed_cost"], i["demand_mean"], i["lead_time"])[2],
    "(r,Q), EIL": lambda i: r_q_eil_approximation(
        i["holding_cost"], 25 * i["shortage_cost"], i["fixed_cost"], i["demand_mean"], i["demand_sd"],
        i["lead_time"])[2],
    "Wagner-Whitin, 52": lambda i: lots(i, 52),
    "Wagner-Whitin, 104": lambda i: lots(i, 104),
}


def main():
    items = json.load(sys.stdin)
    print(f"{len(items)} problems, seconds scaled to 1,000")
    for name, model in MODELS.items():
        clock = time.perf_counter()
        total = sum(float(model(item)) for item in items)
        seconds = (time.perf_counter() - clock) * 1000 / len(items)
        print(f"{name:22} {seconds:12.3f} {total:16.3f}")


if __name__ == "__main__":
    main()
