#![allow(clippy::unwrap_used, clippy::panic)]

use super::problem::{Fitting, Problem};
use super::*;
use crate::data::Table;

/// Two coats to clear and a hat that is priced as ever.
fn tables(stocks: [f64; 2]) -> Tables {
    let products = Table::new("products")
        .with_text("product", ["HAT", "COAT", "CAPE"])
        .with_number("unit_cost", [4.0, 30.0, 20.0])
        .with_number("price", [10.0, 80.0, 50.0])
        .with_number("quantity", [40.0, 3.0, 5.0])
        .with_number("elasticity", [-2.0, -2.4, -1.8])
        .with_number("min_price", [f64::NAN, 45.0, f64::NAN]);
    let clearance = Table::new("clearance")
        .with_text("product", ["COAT", "CAPE"])
        .with_number("stock", stocks)
        .with_number("periods", [5.0, 4.0])
        .with_number("salvage", [8.0, 0.0])
        .with_number("dispersion", [0.0, 0.4]);
    let gaps = Table::new("gaps").with_text("product", ["COAT"]).with_text("other", ["HAT"]);
    Tables::default().with(products).with(clearance).with(gaps.with_number("low", [9.0]))
}

fn prepared(tables: Tables, settings: &Settings) -> Box<dyn Prepared> {
    let input = Input::Tables { name: "sale".to_owned(), tables, settings: settings.clone() };
    Pricing.prepare(input, &Control::default()).unwrap()
}

fn kpi(solution: &Solution, name: &str) -> f64 {
    solution.kpis.iter().find(|kpi| kpi.0 == name).unwrap().1
}

#[test]
fn stock_is_cleared_within_its_rules() {
    let free = prepared(tables([30.0, 40.0]), &Settings::default()).solve(&SolveOptions::default()).unwrap();
    let markdowns = free.tables.get("markdowns").unwrap();
    let number = |name: &str| markdowns.number(name).unwrap();
    let firsts: Vec<usize> = (0..markdowns.len()).filter(|&row| number("period")[row] == 1.0).collect();
    assert_eq!(firsts.len(), 2, "one row a product to begin with");
    assert_eq!(firsts.iter().map(|&row| number("stock_from")[row]).collect::<Vec<_>>(), [30.0, 40.0]);
    for row in 0..markdowns.len() {
        assert!(number("price")[row] <= number("price_before")[row] + 1e-9);
        let least = if markdowns.cell_text("product", row) == "COAT" { 45.0 } else { 20.0 };
        assert!(number("price")[row] >= least - 1e-9);
    }
    assert!(number("price")[firsts[0]] < 80.0, "thirty coats do not go at three a week");
    // All that is earned lies between the bound and everything sold at once at the lowest price.
    assert!((kpi(&free, "clearance_bound") - kpi(&free, "clearance_revenue")).abs() < 1e-6);
    let prices = free.tables.get("prices").unwrap();
    assert_eq!(prices.number("price").unwrap()[1..], [80.0, 50.0]);
    assert!(prices.cell_text("reason", 1).contains("markdowns.csv"));
    assert!(prices.number("quantity").unwrap()[0] > 0.0 && prices.number("quantity").unwrap()[1] == 0.0);
    let fewer = prepared(tables([6.0, 40.0]), &Settings::default()).solve(&SolveOptions::default()).unwrap();
    let first = |solution: &Solution| solution.tables.get("markdowns").unwrap().number("price").unwrap()[0];
    assert!(first(&fewer) >= first(&free), "less stock, no lower a price");
}

#[test]
fn a_budget_holds_the_markdowns_back() {
    let solve = |settings: &Settings| {
        prepared(tables([30.0, 40.0]), settings).solve(&SolveOptions::default()).unwrap()
    };
    let free = solve(&Settings::default());
    let half = 0.5 * kpi(&free, "clearance_discount");
    let tight = solve(&Settings::default().with("markdown_budget", half));
    let none = solve(&Settings::default().with("markdown_budget", 0));
    assert!(kpi(&tight, "clearance_discount") <= half * (1.0 + 1e-6));
    let revenue = |solution: &Solution| kpi(solution, "clearance_revenue");
    assert!(revenue(&none) < revenue(&tight) && revenue(&tight) < revenue(&free));
    assert!(revenue(&tight) <= kpi(&tight, "clearance_bound"));
    assert!(kpi(&tight, "clearance_bound") < revenue(&free));
    assert!(tight.headline.iter().any(|text| text.contains("discount budget is worth")));
    let kept = none.tables.get("markdowns").unwrap();
    assert_eq!(kept.number("price"), kept.number("price_before"));
    let both_ways = solve(&Settings::default().with("markdowns_only_fall", "no"));
    assert!(revenue(&both_ways) >= revenue(&free) - 1e-9);
}

#[test]
fn broken_markdowns_are_found() {
    let prepared_with = |settings: &Settings| prepared(tables([30.0, 40.0]), settings);
    let own = prepared_with(&Settings::default());
    let solution = own.solve(&SolveOptions::default()).unwrap();
    let prices = solution.tables.get("prices").unwrap().clone();
    let markdowns = solution.tables.get("markdowns").unwrap().clone();
    let checked = |prepared: &dyn Prepared, markdowns: Table| {
        let report = prepared.check(&Tables::default().with(prices.clone()).with(markdowns)).unwrap();
        report.violations.into_iter().map(|it| it.rule + ": " + &it.text).collect::<Vec<String>>()
    };
    assert!(checked(&*own, markdowns.clone()).is_empty());
    let with_price = |row: usize, price: f64| {
        let mut prices = markdowns.number("price").unwrap().to_vec();
        prices[row] = price;
        markdowns.clone().with_number("price", prices)
    };
    let odd = checked(&*own, with_price(0, 79.99));
    assert!(odd[0].contains("is not one of its prices") && odd[0].contains("clearance:2"), "{odd:?}");
    let number = |name: &str, row: usize| markdowns.number(name).unwrap()[row];
    let fallen = |row: &usize| number("price_before", *row) < 79.0 && number("chance", *row) > 0.1;
    let row = (0..markdowns.len()).find(fallen).unwrap();
    let risen = checked(&*own, with_price(row, 80.0));
    assert!(risen.iter().any(|text| text.contains("COAT rises from")), "{risen:?}");
    let without: Vec<u32> = (1..markdowns.len() as u32).collect();
    let missing = checked(&*own, markdowns.picked(&without));
    assert!(
        missing[0].contains("COAT has no price for every stock that may be left in period 1"),
        "{missing:?}"
    );
    let budget = prepared_with(&Settings::default().with("markdown_budget", 1.0));
    let dear = checked(&*budget, markdowns.clone());
    assert!(dear[0].starts_with("markdown_budget: the expected discount is"), "{dear:?}");
}

#[test]
fn what_cannot_be_followed_is_refused_and_prices_are_not_made_again() {
    let read = |tables: Tables| Problem::read("sale", tables, &Settings::default(), Fitting::Anew);
    assert!(read(tables([30.0, 1e6])).is_err());
    let mut problem = read(tables([30.0, 40.0])).unwrap();
    assert!(problem.gaps.is_empty() && problem.is_cleared(1) && !problem.is_cleared(0));
    let row = Table::new("products").with_text("product", ["COAT"]).with_number("price", [70.0]);
    assert!(problem.take(&row).is_err());
}
