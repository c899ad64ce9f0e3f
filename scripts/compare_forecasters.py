#!/usr/bin/env python3
"""Accuracy and speed of statsforecast on the sets of examples/forecast_accuracy.rs.

usage: compare_forecasters.py DIR [SET ...]      (needs: pip install statsforecast pandas)

DIR holds m3/, m4/ and carparts/ as the example expects them. One process, one
thread; the first series of a set warms the compiler up and is not timed.
"""
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from statsforecast.models import (
    AutoETS, CrostonSBA, DynamicOptimizedTheta, TSB,
)

warnings.filterwarnings("ignore")


def read(path):
    frame = pd.read_csv(path, dtype={"unique_id": str})
    return {key: group["y"].to_numpy(float) for key, group in frame.groupby("unique_id", sort=False)}


def sets(folder):
    info = pd.read_csv(folder / "m3/info.csv").set_index("unique_id")["frequency"]
    train, test = read(folder / "m3/train.csv.gz"), read(folder / "m3/test.csv.gz")
    for name, frequency, m in [("m3-yearly", "YEARLY", 1), ("m3-quarterly", "QUARTERLY", 4),
                               ("m3-monthly", "MONTHLY", 12), ("m3-other", "OTHER", 1)]:
        yield name, m, m, [(train[k], test[k]) for k in train if info[k] == frequency]
    # 52 is beyond the seasonal forms of AutoETS; its season is left out, as in the M4 benchmarks.
    for name, stem, m in [("m4-weekly", "weekly", 1), ("m4-hourly", "hourly", 24)]:
        train, test = read(folder / f"m4/{stem}_train.csv.gz"), read(folder / f"m4/{stem}_test.csv.gz")
        yield name, m, m, [(train[k], test[k]) for k in train if k in test]
    parts = read(folder / "carparts/monthly.csv.gz")
    yield "carparts", 1, 1, [(y[:-12], y[-12:]) for y in parts.values()]


def errors(actual, mean, history, m):
    mean = np.maximum(mean, 0)
    size = np.abs(actual) + np.abs(mean)
    smape = np.mean(np.where(size == 0, 0, 200 * np.abs(actual - mean) / np.where(size == 0, 1, size)))
    scale = np.mean(np.abs(history[m:] - history[:-m]))
    square = np.mean(np.diff(history) ** 2)
    mase = np.mean(np.abs(actual - mean)) / scale if scale > 0 else np.nan
    rmsse = np.sqrt(np.mean((actual - mean) ** 2) / square) if square > 0 else np.nan
    return smape, mase, rmsse


def main():
    folder, chosen = Path(sys.argv[1]), set(sys.argv[2:])
    print(f"{'set':<14}{'method':<24}{'sMAPE':>8}{'MASE':>8}{'RMSSE':>8}{'ms/series':>11}")
    for name, m, mase_season, series in sets(folder):
        if chosen and name not in chosen:
            continue
        if name == "carparts":
            models = [CrostonSBA(), TSB(alpha_d=0.1, alpha_p=0.1)]
        else:
            models = [AutoETS(season_length=m), DynamicOptimizedTheta(season_length=m)]
        for model in models:
            rows, seconds = [], 0.0
            model.forecast(y=series[0][0], h=len(series[0][1]))
            for history, actual in series:
                begin = time.perf_counter()
                mean = model.forecast(y=history, h=len(actual))["mean"]
                seconds += time.perf_counter() - begin
                rows.append(errors(actual, np.asarray(mean), history, mase_season))
            smape, mase, rmsse = np.nanmean(rows, axis=0)
            print(f"{name:<14}{str(model):<24}{smape:>8.3f}{mase:>8.3f}{rmsse:>8.3f}"
                  f"{1e3 * seconds / len(series):>11.2f}", flush=True)


if __name__ == "__main__":
    main()
