#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::problem::{Problem, same};
use super::*;
use crate::data::Table;
use crate::decide::Verdict;

/// Four products, rules of every kind; `steps` prices each.
fn tables(numbers: &[f64], steps: usize) -> Tables {
    let codes = ["A", "B", "C", "D"];
    let at = |place: usize, low: f64, high: f64| low + (high - low) * numbers[place % numbers.len()];
    let products = Table::new("products")
        .with_text("product", codes)
        .with_number("unit_cost", (0..4).map(|i| at(i, 0.5, 1.5)))
        .with_number("price", [2.0, 2.5, 1.8, 3.0])
        .with_number("quantity", (0..4).map(|i| at(i + 4, 10.0, 100.0)))
        .with_number("elasticity", (0..4).map(|i| at(i + 8, -4.0, -1.1)));
    let effects = Table::new("effects")
        .with_text("product", ["A", "B", "C", "A"])
        .with_text("other", ["B", "A", "D", "C"])
        .with_number("elasticity", (0..4).map(|i| at(i + 2, -0.5, 1.5)));
    let gaps = Table::new("gaps")
        .with_text("product", ["B"])
        .with_text("other", ["A"])
        .with_number("low", [1.0 + at(3, 0.0, 0.3)])
        .with_number("high", [1.8]);
    let ladder = |i: usize| (0..steps).map(move |step| [2.0, 2.5, 1.8, 3.0][i] * (0.85 + 0.07 * step as f64));
    let ladder = Table::new("ladder")
        .with_text("product", (0..4).flat_map(|i| ladder(i).map(move |_| codes[i])))
        .with_number("price", (0..4).flat_map(ladder));
    Tables::default().with(products).with(effects).with(gaps).with(ladder)
}

fn problem(tables: Tables, settings: &Settings) -> Problem {
    Problem::read("test", tables, settings, true).unwrap()
}

/// The best prices by trying all.
fn tried(problem: &Problem) -> Option<f64> {
    let ladders: Vec<&[f64]> = problem.products.iter().map(|product| product.ladder.as_slice()).collect();
    let count: usize = ladders.iter().map(|ladder| ladder.len()).product();
    let mut best: Option<f64> = None;
    for mut code in 0..count {
        let prices: Vec<f64> = ladders
            .iter()
            .map(|ladder| {
                let price = ladder[code % ladder.len()];
                code /= ladder.len();
                price
            })
            .collect();
        let report = check::check(problem, &prices);
        if report.feasible && best.is_none_or(|best| report.objective.unwrap() > best) {
            best = report.objective;
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_program_finds_what_trying_all_finds(
        numbers in proptest::collection::vec(0.0..1.0_f64, 12),
        goal in prop_oneof!["margin", "revenue", "volume"],
        changes in 1..5_usize,
        floor in 0.7..1.1_f64,
    ) {
        let settings = Settings::default()
            .with("goal", &goal)
            .with("max_changes", changes)
            .with("min_volume", floor)
            .with("caution", 0.5);
        let problem = problem(tables(&numbers, 4), &settings);
        let control = Control::default();
        let answer = model::solve(&problem, None, &control).unwrap();
        match (answer.outcome().objective, tried(&problem)) {
            (Some(found), Some(best)) => {
                prop_assert!((found - best).abs() < 1e-6 * best.abs().max(1.0), "{found} {best}");
                let report = check::check(&problem, &answer.prices(&problem).unwrap());
                prop_assert!(report.feasible, "{report:?}");
            }
            (None, None) => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

fn prepared(tables: Tables, settings: &Settings) -> Box<dyn Prepared> {
    let input = Input::Tables { name: "test".to_owned(), tables, settings: settings.clone() };
    Pricing.prepare(input, &Control::default()).unwrap()
}

const NUMBERS: [f64; 12] = [0.2, 0.5, 0.4, 0.1, 0.9, 0.3, 0.6, 0.8, 0.4, 0.7, 0.5, 0.2];

#[test]
fn one_product_is_priced_by_the_textbook_rule() {
    // Constant elasticity e: the best price is cost * e / (1 + e).
    let ladder: Vec<f64> = (0..200).map(|step| 1.0 + 0.01 * f64::from(step)).collect();
    let products = Table::new("products")
        .with_text("product", ["A"])
        .with_number("unit_cost", [1.0])
        .with_number("price", [2.0])
        .with_number("quantity", [100.0])
        .with_number("elasticity", [-3.0]);
    let ladder = Table::new("ladder")
        .with_text("product", ladder.iter().map(|_| "A"))
        .with_number("price", ladder.clone());
    let tables = Tables::default().with(products).with(ladder);
    let solution = prepared(tables, &Settings::default().with("max_change", 0.6))
        .solve(&SolveOptions::default())
        .unwrap();
    let price = solution.tables.get("prices").unwrap().number("price").unwrap()[0];
    assert!((price - 1.5).abs() < 1e-9, "{price}");
}

#[test]
fn colliding_rules_are_named_and_loosened() {
    let mut tables = tables(&NUMBERS, 4);
    tables.insert(
        Table::new("competitors")
            .with_text("product", ["B"])
            .with_text("competitor", ["X"])
            .with_number("price", [1.0])
            .with_number("high", [1.2]),
    );
    let prepared = prepared(tables, &Settings::default());
    let told = prepared.explain(&SolveOptions::default()).unwrap();
    assert_eq!((told.status, told.irreducible), (Verdict::Infeasible, Some(true)));
    assert_eq!(told.members.len(), 1, "{told:?}");
    assert!(told.members[0].text.contains("at X") && told.members[0].row == Some(2), "{told:?}");
    let solution = prepared.solve(&SolveOptions { relax: true, ..SolveOptions::default() }).unwrap();
    assert!(solution.tables.get("prices").is_some() && !solution.checks.feasible);
    assert!(solution.warnings.iter().any(|text| text.contains("at X")), "{:?}", solution.warnings);
}

#[test]
fn a_rule_that_binds_has_a_worth() {
    let settings = Settings::default().with("max_changes", 1);
    let told = prepared(tables(&NUMBERS, 4), &settings).explain(&SolveOptions::default()).unwrap();
    assert_eq!(told.status, Verdict::Optimal);
    let all = prepared(tables(&NUMBERS, 4), &Settings::default()).solve(&SolveOptions::default()).unwrap();
    let one = prepared(tables(&NUMBERS, 4), &settings).solve(&SolveOptions::default()).unwrap();
    assert!(one.outcome.objective < all.outcome.objective);
    let reasons = one.tables.get("prices").unwrap().text("reason").unwrap().words().join("; ");
    assert!(reasons.contains("no more prices may change"), "{reasons}");
}

#[test]
fn a_new_fact_prices_one_product_again() {
    let settings = Settings::default();
    let mut prepared = prepared(tables(&NUMBERS, 4), &settings);
    let before = prepared.solve(&SolveOptions::default()).unwrap();
    let row = Table::new("products").with_text("product", ["D"]).with_number("unit_cost", [2.2]);
    let update = prepared.update(&Event { rows: row }).unwrap();
    let price = update.orders.number("price").unwrap()[0];
    let prices = before.tables.get("prices").unwrap().number("price").unwrap();
    assert!(price > prices[3], "dearer to buy, dearer to sell: {price} {}", prices[3]);
    let again = prepared.solve(&SolveOptions::default()).unwrap();
    assert!(same(again.tables.get("prices").unwrap().number("price").unwrap()[3], price));
    let unknown = Table::new("products").with_text("product", ["Z"]).with_number("price", [2.2]);
    assert!(prepared.update(&Event { rows: unknown }).is_err());
}

#[test]
fn a_persons_prices_are_checked() {
    let prepared = prepared(tables(&NUMBERS, 4), &Settings::default());
    let plan = |prices: [f64; 4]| {
        let table =
            Table::new("prices").with_text("product", ["A", "B", "C", "D"]).with_number("price", prices);
        prepared.check(&Tables::default().with(table))
    };
    assert!(plan([2.0, 2.5, 1.8, 3.0]).unwrap().feasible);
    let broken = plan([2.0, 1.5, 1.8, 3.0]).unwrap();
    let rules: Vec<&str> = broken.violations.iter().map(|violation| violation.rule.as_str()).collect();
    assert_eq!(rules, ["price_change", "ladder", "price_gap"]);
    assert!(plan([2.0, f64::NAN, 1.8, 3.0]).is_err());
}
