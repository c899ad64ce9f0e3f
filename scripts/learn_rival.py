#!/usr/bin/env python3
"""Known learners with default settings on a table, as rivals of `purvey learn`.

Every fifth row (the first, the sixth, ...) is the test. The two parts are written as
train.csv and test.csv, so that both learn from the same rows. A target of words or of at most
ten different whole numbers is learned as classes, any other as a number.

With `clicks` in place of a file, rows of impressions are drawn (users, ads and keywords by the
thousand, with effects of their own and of user and ad together); the last fifth is the test,
and the scores of the true chances are printed as well.

usage: scripts/learn_rival.py FILE TARGET FOLDER [COLUMN_TO_DROP ...]
       scripts/learn_rival.py clicks ROWS FOLDER
needs: lightgbm, numpy, pandas, scikit-learn
"""

import sys
import time
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction import FeatureHasher
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import f1_score, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler


def is_text(column):
    return column.dtype == object or str(column.dtype) in ("str", "bool", "string")


def split(rows, folder):
    is_test = np.arange(len(rows)) % 5 == 0
    train, test = rows[~is_test], rows[is_test]
    folder.mkdir(parents=True, exist_ok=True)
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    return train, test


def as_categories(train, test):
    for column in train.columns:
        if is_text(train[column]):
            words = pd.CategoricalDtype(sorted(train[column].dropna().unique()))
            train = train.assign(**{column: train[column].astype(words)})
            test = test.assign(**{column: test[column].astype(words)})
    return train, test


def numbers(train, test, target):
    train, test = as_categories(train, test)
    truth = test[target].to_numpy()
    for name, forward, back in [("as it is", lambda y: y, lambda z: z), ("its logarithm", np.log, np.exp)]:
        started = time.perf_counter()
        model = lightgbm.LGBMRegressor(verbose=-1, n_jobs=1).fit(train.drop(columns=target), forward(train[target]))
        seconds = time.perf_counter() - started
        error = back(model.predict(test.drop(columns=target))) - truth
        r2 = 1 - np.sum(error**2) / np.sum((truth - truth.mean()) ** 2)
        print(
            f"{target} {name}: rows {len(train)} mape {100 * np.mean(np.abs(error / truth)):.2f} % "
            f"mae {np.mean(np.abs(error)):.1f} rmse {np.sqrt(np.mean(error**2)):.1f} "
            f"r2 {r2:.4f} fit {seconds:.1f} s"
        )


def calibration_error(chances, truth, classes):
    """Mean distance of chance and share in fifteen groups of rows of alike chance."""
    if len(classes) == 2:
        chance, hit = chances[:, 1], truth == classes[1]
    else:
        chance, hit = chances.max(axis=1), truth == classes[chances.argmax(axis=1)]
    order = np.argsort(chance, kind="stable")
    groups = np.array_split(order, 15)
    return sum(len(g) * abs(chance[g].mean() - hit[g].mean()) for g in groups) / len(order)


def tell(name, chances, truth, classes, seconds):
    answers = classes[chances.argmax(axis=1)]
    if len(classes) == 2:
        auc = roc_auc_score(truth == classes[1], chances[:, 1])
        brier = np.mean((chances[:, 1] - (truth == classes[1])) ** 2)
    else:
        auc = np.mean([roc_auc_score(truth == c, chances[:, k]) for k, c in enumerate(classes)])
        brier = np.mean(sum((chances[:, k] - (truth == c)) ** 2 for k, c in enumerate(classes)))
    print(
        f"{name:34} log_loss {log_loss(truth, chances, labels=classes):.5f} auc {auc:.5f} "
        f"brier {brier:.5f} accuracy {np.mean(answers == truth):.4f} "
        f"macro_f1 {f1_score(truth, answers, average='macro'):.4f} "
        f"calibration {calibration_error(chances, truth, classes):.4f} fit {seconds:.1f} s",
        flush=True,
    )


def classes_of(train, test, target):
    y, truth = train[target].astype(str).to_numpy(), test[target].astype(str).to_numpy()
    classes = np.unique(y)
    x, fresh = train.drop(columns=target), test.drop(columns=target)
    words = [column for column in x.columns if is_text(x[column])]
    sizes = [column for column in x.columns if column not in words]
    known = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    told = make_column_transformer((known, words), (scaled, sizes))
    coded = make_column_transformer((codes, words), (SimpleImputer(), sizes))
    rivals = {
        "logistic regression (scikit-learn)": make_pipeline(told, LogisticRegression(max_iter=2000)),
        "random forest (scikit-learn)": make_pipeline(coded, RandomForestClassifier(random_state=0)),
        "histogram boosting (scikit-learn)": make_pipeline(coded, HistGradientBoostingClassifier(random_state=0)),
    }
    for name, rival in rivals.items():
        started = time.perf_counter()
        rival.fit(x, y)
        seconds = time.perf_counter() - started
        tell(name, rival.predict_proba(fresh), truth, classes, seconds)
    x, fresh = as_categories(x, fresh)
    started = time.perf_counter()
    model = lightgbm.LGBMClassifier(verbose=-1, n_jobs=1).fit(x, y)
    seconds = time.perf_counter() - started
    tell("LightGBM", model.predict_proba(fresh), truth, classes, seconds)


def draw_clicks(rows, seed=1):
    """Impressions and the true chance of a click of each."""
    rng = np.random.default_rng(seed)
    users, ads, keywords = 30_000, 2_000, 5_000
    pick = lambda n, power: np.minimum((n * rng.random(rows) ** power).astype(int), n - 1)
    user, ad, keyword = pick(users, 1.7), pick(ads, 2.5), pick(keywords, 2.5)
    hour, place = rng.integers(0, 24, rows), rng.integers(1, 9, rows)
    device = rng.choice(["phone", "desk", "tablet"], rows, p=[0.6, 0.3, 0.1])
    effect = lambda n, size: rng.normal(0, size, n)
    taste, kind = rng.normal(0, 0.6, (users, 4)), rng.normal(0, 0.6, (ads, 4))
    odds = (
        -2.9 + effect(users, 0.5)[user] + effect(ads, 0.6)[ad] + effect(keywords, 0.5)[keyword]
        + np.einsum("ij,ij->i", taste[user], kind[ad]) - 0.15 * place
        + 0.3 * np.sin(hour * np.pi / 12) + np.where(device == "phone", 0.2, 0.0)
    )
    chance = 1 / (1 + np.exp(-odds))
    table = pd.DataFrame({
        "user": np.char.add("u", user.astype(str)), "ad": np.char.add("a", ad.astype(str)),
        "keyword": np.char.add("k", keyword.astype(str)), "hour": hour, "place": place, "device": device,
        "click": (rng.random(rows) < chance).astype(int),
    })
    return table, chance


def clicks(rows, folder):
    table, chance = draw_clicks(rows)
    first = rows * 4 // 5
    train, test = table[:first], table[first:]
    folder.mkdir(parents=True, exist_ok=True)
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    truth, classes = test["click"].astype(str).to_numpy(), np.array(["0", "1"])
    both = lambda p: np.column_stack([1 - p, p])
    tell("the true chances", both(chance[first:]), truth, classes, 0.0)
    tell("one chance for all", both(np.full(rows - first, train["click"].mean())), truth, classes, 0.0)
    words = lambda part: ([f"{c}={v}" for c, v in zip(part.columns, row)] for row in part.to_numpy())
    started = time.perf_counter()
    hasher = FeatureHasher(2**18, input_type="string", alternate_sign=False)
    model = SGDClassifier(loss="log_loss", alpha=1e-6, random_state=0, max_iter=10)
    model.fit(hasher.transform(words(train.drop(columns="click"))), train["click"])
    seconds = time.perf_counter() - started
    chances = model.predict_proba(hasher.transform(words(test.drop(columns="click"))))
    tell("hashed SGD (scikit-learn)", chances, truth, classes, seconds)
    started = time.perf_counter()
    known = OneHotEncoder(handle_unknown="ignore")
    model = make_pipeline(known, LogisticRegression(max_iter=200)).fit(train.drop(columns="click"), train["click"])
    seconds = time.perf_counter() - started
    tell("one-hot logistic (scikit-learn)", model.predict_proba(test.drop(columns="click")), truth, classes, seconds)
    x, fresh = as_categories(train.drop(columns="click"), test.drop(columns="click"))
    started = time.perf_counter()
    model = lightgbm.LGBMClassifier(verbose=-1, n_jobs=1).fit(x, train["click"])
    seconds = time.perf_counter() - started
    tell("LightGBM", model.predict_proba(fresh), truth, classes, seconds)


def main():
    if sys.argv[1] == "clicks":
        return clicks(int(sys.argv[2]), Path(sys.argv[3]))
    path, target, folder = sys.argv[1:4]
    rows = pd.read_csv(path).drop(columns=sys.argv[4:])
    train, test = split(rows, Path(folder))
    few = rows[target].nunique() <= 10 and not (rows[target] % 1).any() if not is_text(rows[target]) else True
    if few:
        classes_of(train, test, target)
    else:
        numbers(train, test, target)


if __name__ == "__main__":
    main()
