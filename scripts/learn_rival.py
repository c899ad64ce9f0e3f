#!/usr/bin/env python3
"""Gradient boosting with default settings on a table, as a rival of `purvey learn`.

Every fifth row (the first, the sixth, ...) is the test. The two parts are written as
train.csv and test.csv, so that both learn from the same rows.

usage: scripts/learn_rival.py FILE TARGET FOLDER
needs: lightgbm, numpy, pandas
"""

import sys
import time
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd


def main():
    path, target, folder = sys.argv[1:4]
    rows = pd.read_csv(path)
    is_test = np.arange(len(rows)) % 5 == 0
    train, test = rows[~is_test], rows[is_test]
    Path(folder).mkdir(parents=True, exist_ok=True)
    train.to_csv(Path(folder) / "train.csv", index=False)
    test.to_csv(Path(folder) / "test.csv", index=False)
    for column in rows.columns:
        if rows[column].dtype == object or str(rows[column].dtype) == "str":
            words = pd.CategoricalDtype(sorted(train[column].dropna().unique()))
            train = train.assign(**{column: train[column].astype(words)})
            test = test.assign(**{column: test[column].astype(words)})
    truth = test[target].to_numpy()
    for name, forward, back in [("as it is", lambda y: y, lambda z: z), ("its logarithm", np.log, np.exp)]:
        started = time.perf_counter()
        model = lightgbm.LGBMRegressor(verbose=-1).fit(train.drop(columns=target), forward(train[target]))
        seconds = time.perf_counter() - started
        error = back(model.predict(test.drop(columns=target))) - truth
        r2 = 1 - np.sum(error**2) / np.sum((truth - truth.mean()) ** 2)
        print(
            f"{target} {name}: rows {len(train)} mape {100 * np.mean(np.abs(error / truth)):.2f} % "
            f"mae {np.mean(np.abs(error)):.1f} rmse {np.sqrt(np.mean(error**2)):.1f} "
            f"r2 {r2:.4f} fit {seconds:.1f} s"
        )


if __name__ == "__main__":
    main()
