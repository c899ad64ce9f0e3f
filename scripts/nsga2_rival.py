"""Compares the crate's NSGA-II with pymoo's at equal evaluations, by hypervolume and by time.

Usage (pymoo from PyPI, in an environment outside the repository):

    cargo build --release --example nsga2
    python scripts/nsga2_rival.py [PROBLEM ...] [--seeds 15] [--generations 250]
        [--binary target/release/examples/nsga2]

For each problem it prints the mean hypervolume of both, their difference in standard errors of
the difference (below -2 is a loss), and the quotient of the mean processor seconds of one run
(ours with the start of the process). First it compares the objectives of both at one fixed point.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.indicators.hv import HV
from pymoo.optimize import minimize
from pymoo.problems import get_problem

PROBLEMS = ["zdt1", "zdt2", "zdt3", "zdt4", "zdt6", "dtlz2", "wfg1", "wfg2", "wfg4", "wfg5", "wfg6", "wfg7"]


def problem_of(name):
    return get_problem(name, n_var=24, n_obj=2) if name.startswith("wfg") else get_problem(name)


def reference_of(name, objectives):
    return [2.0 * i + 1.0 if name.startswith("wfg") else 1.1 for i in range(1, objectives + 1)]


def ours(binary, *arguments):
    text = subprocess.run([binary, *map(str, arguments)], check=True, capture_output=True, text=True).stdout
    return [float(cell) for cell in text.strip().splitlines()[-1].split(",")]


def same_problem(binary, name):
    problem = problem_of(name)
    share = np.arange(1, problem.n_var + 1) / (problem.n_var + 1)
    theirs = problem.evaluate((problem.xl + share * (problem.xu - problem.xl))[None, :])[0]
    return np.allclose(theirs, ours(binary, name, "--at-test-point"), rtol=1e-9)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("problems", nargs="*", default=PROBLEMS)
    parser.add_argument("--seeds", type=int, default=15)
    parser.add_argument("--generations", type=int, default=250)
    parser.add_argument("--binary", default="target/release/examples/nsga2")
    options = parser.parse_args()
    print("problem,same,ours,pymoo,standard_errors,seconds,pymoo_seconds,times_faster")
    lost = False
    for name in options.problems:
        problem = problem_of(name)
        measure = HV(ref_point=np.array(reference_of(name, problem.n_obj)))
        mine, theirs, seconds, their_seconds = [], [], [], []
        for seed in range(1, options.seeds + 1):
            # The first population of 100 is pymoo's first generation, so it makes one less.
            started = time.process_time()
            result = minimize(problem, NSGA2(pop_size=100), ("n_gen", options.generations + 1), seed=seed)
            their_seconds.append(time.process_time() - started)
            theirs.append(measure(result.F))
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            volume, _ = ours(
                options.binary, name, "--generations", options.generations, "--seed", seed, "--hypervolume"
            )
            mine.append(volume)
            seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
        error = np.sqrt((np.var(mine, ddof=1) + np.var(theirs, ddof=1)) / options.seeds)
        distance = (np.mean(mine) - np.mean(theirs)) / max(error, 1e-12)
        faster = np.mean(their_seconds) / np.mean(seconds)
        same = same_problem(options.binary, name)
        lost |= distance < -2 or faster < 20 or not same
        print(
            f"{name},{same},{np.mean(mine):.6f},{np.mean(theirs):.6f},{distance:.1f},"
            f"{np.mean(seconds):.4f},{np.mean(their_seconds):.3f},{faster:.0f}",
            flush=True,
        )
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
