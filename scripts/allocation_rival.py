#!/usr/bin/env python3
"""Multiple choice with one budget, the two usual ways: a numpy Lagrangian with
greedy fill, and HiGHS through scipy. The instances have the shape of those in
benches/allocation.rs (other random numbers).

usage: scripts/allocation_rival.py [--highs] [PARTS ...]      (default 10000 100000 1000000)
needs: numpy; with --highs also scipy 1.9 or later
"""

import sys
import time

import numpy as np


def instance(parts):
    random = np.random.default_rng(1)
    cost = np.zeros((parts, 5))
    usage = np.zeros((parts, 5))
    cost[:, 1:] = -random.uniform(1, 20, (parts, 4))
    usage[:, 1:] = random.uniform(1, 10, (parts, 4))
    return cost, usage, 1.25 * parts


def lagrangian(cost, usage, limit):
    """Bisection on the price, then greedy fill of what is left of the budget."""
    parts = np.arange(len(cost))
    low, high = 0.0, 20.0
    bound = -np.inf
    for _ in range(40):
        price = 0.5 * (low + high)
        priced = cost + price * usage
        chosen = priced.argmin(1)
        bound = max(bound, priced[parts, chosen].sum() - price * limit)
        if usage[parts, chosen].sum() > limit:
            low = price
        else:
            high = price
    chosen = (cost + high * usage).argmin(1)
    slack = limit - usage[parts, chosen].sum()
    gain = cost[parts, chosen][:, None] - cost
    more = usage - usage[parts, chosen][:, None]
    part, option = np.nonzero((gain > 0) & (more <= slack))
    loss = high * more[part, option] - gain[part, option]
    changed = set()
    for index in loss.argsort():
        i, k = part[index], option[index]
        if i not in changed and more[i, k] <= slack:
            chosen[i] = k
            slack -= more[i, k]
            changed.add(i)
    return cost[parts, chosen].sum(), bound


def linear_program(cost, usage, limit):
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix, kron, eye

    one = kron(eye(len(cost)), np.ones((1, 5)), format="csr")
    found = linprog(
        cost.ravel(), A_ub=csr_matrix(usage.ravel()[None, :]), b_ub=[limit], A_eq=one, b_eq=np.ones(len(cost)),
        bounds=(0, 1), method="highs-ipm",
    )
    return found.fun


def main():
    arguments = sys.argv[1:]
    with_highs = "--highs" in arguments
    sizes = [int(text) for text in arguments if text != "--highs"] or [10_000, 100_000, 1_000_000]
    for parts in sizes:
        data = instance(parts)
        start = time.perf_counter()
        objective, bound = lagrangian(*data)
        seconds = time.perf_counter() - start
        print(f"{parts} parts: numpy {seconds:.3f} s, gap {(objective - bound) / abs(objective):.1e}")
        if with_highs:
            start = time.perf_counter()
            value = linear_program(*data)
            print(f"{parts} parts: HiGHS LP {time.perf_counter() - start:.3f} s, value {value:.3f}")


if __name__ == "__main__":
    main()
