"""Writes a pricing folder of the orange juice data: 11 brands in 42 stores, by week.

    python3 scripts/orange_juice_folder.py orange_juice_store_week.csv FOLDER

Week 0 is the Monday 2000-01-03. Unit cost is price less margin. Prices and costs of now are means of the last week.
"""

import csv
import datetime
import math
import pathlib
import sys

MONDAY = datetime.date(2000, 1, 3)


def main():
    source, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    sales, newest = ["product,store,date,quantity,price,cost,promotion,feature"], {}
    with open(source, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            week, brand = int(float(row["week"])), int(float(row["brand"]))
            price, units = float(row[f"price{brand}"]), round(math.exp(float(row["logmove"])))
            cost = price * (1 - float(row["profit"]) / 100)
            cost = cost if cost > 0 else price * 0.5
            date = MONDAY + datetime.timedelta(weeks=week)
            sales.append(
                f"B{brand},S{row['store']},{date},{units},{price},{cost:.5f},{row['deal']},{row['feat']}"
            )
            newest.setdefault(brand, {}).setdefault(week, []).append((price, cost))
    products = ["product,category,unit_cost,price"]
    for brand, weeks in sorted(newest.items()):
        last = weeks[max(weeks)]
        price, cost = (sum(values) / len(last) for values in zip(*last))
        products.append(f"B{brand},juice,{cost:.4f},{price:.4f}")
    (folder / "sales.csv").write_text("\n".join(sales) + "\n", encoding="utf-8")
    (folder / "products.csv").write_text("\n".join(products) + "\n", encoding="utf-8")
    settings = 'model = "pricing"\n\n[settings]\nrivals = 3\nladder_points = 4\n'
    (folder / "instance.toml").write_text(settings, encoding="utf-8")


main()
