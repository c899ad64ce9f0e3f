#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::problem::{Fitting, Problem, same};
use super::*;
use crate::data::Table;
use crate::decide::Verdict;
use crate::solution::SolutionStatus;

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
    Problem::read("test", tables, settings, Fitting::Anew).unwrap()
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
    assert_eq!(solution.outcome.solution_status, SolutionStatus::Optimal);
    let plan = solution.tables.get("prices").map(|prices| Tables::default().with(prices.clone())).unwrap();
    assert!(solution.checks.feasible && !prepared.check(&plan).unwrap().feasible);
    assert!(solution.warnings.iter().any(|text| text.contains("at X")), "{:?}", solution.warnings);
}

#[test]
fn a_rule_that_binds_has_a_worth() {
    let settings = Settings::default().with("max_changes", 1);
    let told = prepared(tables(&NUMBERS, 4), &settings).explain(&SolveOptions::default()).unwrap();
    assert_eq!(told.status, Verdict::Optimal);
    let floor = Settings::default().with("min_volume", 1.0);
    let kept = prepared(tables(&NUMBERS, 4), &floor).explain(&SolveOptions::default()).unwrap();
    let names = |told: &Explanation| told.binding.iter().map(|limit| limit.name.clone()).collect::<Vec<_>>();
    assert!(told.binding.iter().chain(&kept.binding).all(|limit| limit.value_of_one_more > 0.0));
    assert!(names(&told).iter().all(|name| name == "number_of_changes"), "{told:?}");
    let all = prepared(tables(&NUMBERS, 4), &Settings::default()).solve(&SolveOptions::default()).unwrap();
    let one = prepared(tables(&NUMBERS, 4), &settings).solve(&SolveOptions::default()).unwrap();
    assert!(one.outcome.objective < all.outcome.objective);
    let reasons = one.tables.get("prices").unwrap().text("reason").unwrap().words().join("; ");
    assert!(reasons.contains("no more prices may change"), "{reasons}");
}

#[test]
fn a_new_fact_prices_one_product_again() {
    let mut prepared = prepared(tables(&NUMBERS, 4), &Settings::default());
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
    let untold = Table::new("products").with_text("product", ["D"]).with_number("elasticity", [-2.0]);
    assert!(prepared.update(&Event { rows: untold }).is_err());
    let nobody = Table::new("competitors").with_text("product", ["D"]).with_text("competitor", ["Y"]);
    assert!(prepared.update(&Event { rows: nobody.with_number("price", [2.0]) }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    #[test]
    fn a_price_made_again_keeps_every_rule_and_is_the_best_alone(
        numbers in proptest::collection::vec(0.0..1.0_f64, 12),
        product in 0..4_usize,
        cost in 0.3..2.0_f64,
        changes in 1..4_usize,
    ) {
        let settings = Settings::default().with("max_changes", changes).with("min_volume", 0.9);
        let mut problem = problem(tables(&numbers, 4), &settings);
        let answer = model::solve(&problem, None, &Control::default()).unwrap();
        let Some(prices) = answer.prices(&problem) else { return Ok(()) };
        let code = problem.products[product].code.clone();
        let row = Table::new("products").with_text("product", [&code]).with_number("unit_cost", [cost]);
        problem.take(&row).unwrap();
        let best = problem::Standing::new(&problem, prices.clone()).best(product);
        let mut tried = problem.products[product].ladder.clone();
        tried.push(best);
        let at = |price: f64| {
            let mut prices = prices.clone();
            prices[product] = price;
            check::check(&problem, &prices)
        };
        prop_assert!(at(best).feasible, "{:?}", at(best));
        for price in tried.into_iter().filter(|&price| at(price).feasible) {
            prop_assert!(at(price).objective.unwrap() <= at(best).objective.unwrap() + 1e-9);
        }
    }
}

/// Twenty weeks of sales of two products, no cost in half of the rows.
fn sales() -> Table {
    let rows = || (0..20_i32).flat_map(|week| [("A", week), ("B", week)]);
    let price = |(code, week): (&str, i32)| match code {
        "A" => 2.0 + 0.1 * f64::from(week % 4),
        _ => 2.5 - 0.1 * f64::from(week % 3),
    };
    let of = |(code, week): (&str, i32)| {
        let noise = 1.0 + 0.1 * f64::from((week * 7) % 5) - 0.2;
        (1000.0 * price((code, week)).powf(-2.2) * noise).round()
    };
    let day = |week: i32| chrono::NaiveDate::from_num_days_from_ce_opt(738_000 + 7 * week).unwrap();
    Table::new("sales")
        .with_text("product", rows().map(|row| row.0))
        .with_date("date", rows().map(|row| day(row.1)))
        .with_number("quantity", rows().map(of))
        .with_number("price", rows().map(price))
        .with_number("cost", rows().map(|row| if row.1 % 2 == 0 { f64::NAN } else { 1.0 }))
}

#[test]
fn other_costs_and_rules_need_no_new_fit() {
    let products = |cost: f64, price: f64| {
        Table::new("products")
            .with_text("product", ["A", "B"])
            .with_number("unit_cost", [cost, 1.2])
            .with_number("price", [price, 2.3])
    };
    let read = |products: Table, settings: &Settings, fitting: Fitting<'_>| {
        let tables = Tables::default().with(products).with(sales());
        Problem::read("test", tables, settings, fitting).unwrap()
    };
    let base = read(products(1.0, 2.0), &Settings::default(), Fitting::Anew);
    let learned = base.learned.clone().unwrap();
    let like = |products: Table, settings: &Settings| read(products, settings, Fitting::From(&learned));
    let is_same = |problem: &Problem| Arc::ptr_eq(problem.learned.as_ref().unwrap(), &learned);
    let settings = Settings::default().with("max_changes", 1).with("goal", "revenue");
    let dearer = like(products(1.5, 2.0), &settings);
    assert!(is_same(&dearer));
    let anew = read(products(1.5, 2.0), &settings, Fitting::Anew);
    assert_eq!(dearer.products, anew.products);
    assert_eq!(dearer.notices.as_slice(), anew.notices.as_slice());
    assert!(
        !is_same(&like(products(1.0, 2.1), &Settings::default())),
        "the price of now moves what is fitted"
    );
    assert!(!is_same(&like(products(1.0, 2.0), &Settings::default().with("period_days", 14))));
}

#[test]
fn the_objective_is_written_as_its_goal_is() {
    let measure = |goal: &str| Pricing.objective_measure(&Settings::default().with("goal", goal));
    assert_eq!(measure("volume"), Measure::quantity("units"));
    assert_eq!((measure("margin"), measure("revenue")), (Measure::money(), Measure::money()));
    assert_eq!(Pricing.objective_measure(&Settings::default()), Measure::money());
}

#[test]
fn a_price_of_now_moves_its_own_demand_and_that_of_those_that_answer() {
    let mut problem = problem(tables(&NUMBERS, 4), &Settings::default());
    let mut prices = problem.prices_now();
    prices[0] = 2.14;
    let expected: Vec<f64> = (0..4).map(|at| problem.demand(at, &prices)).collect();
    let row = Table::new("products").with_text("product", ["A"]).with_number("price", [2.14]);
    problem.take(&row).unwrap();
    for (at, expected) in expected.into_iter().enumerate() {
        let found = problem.demand(at, &problem.prices_now());
        assert!((found - expected).abs() < 1e-9 * expected, "{at}: {found} {expected}");
    }
    assert!(problem.products[0].ladder.iter().any(|&step| same(step, 2.14)));
}

#[test]
fn demand_is_that_of_the_formula() {
    let products = Table::new("products")
        .with_text("product", ["A", "B"])
        .with_number("unit_cost", [1.0, 1.0])
        .with_number("price", [2.0, 4.0])
        .with_number("quantity", [100.0, 50.0])
        .with_number("elasticity", [-2.0, -1.5])
        .with_number("elasticity_error", [0.5, 0.0]);
    let effects = Table::new("effects")
        .with_text("product", ["A"])
        .with_text("other", ["B"])
        .with_number("elasticity", [0.5]);
    let tables = Tables::default().with(products).with(effects);
    let read = |caution: f64| problem(tables.clone(), &Settings::default().with("caution", caution));
    // (2.2 / 2)^-2 = 0.826446; (4.4 / 4)^0.5 - 1 = 0.048809.
    let plain = read(0.0).demand(0, &[2.2, 4.4]);
    assert!((plain - 100.0 * 0.826_446_281 * 1.048_808_848).abs() < 1e-6, "{plain}");
    // The 80 % interval of the elasticity ends at -2 - 1.281552 * 0.5 = -2.640776 for a dearer price,
    // at -1.359224 for a cheaper one.
    let dearer = read(0.8).demand(0, &[2.2, 4.0]);
    assert!((dearer - 100.0 * 1.1_f64.powf(-2.640_776)).abs() < 1e-3, "{dearer}");
    let cheaper = read(0.8).demand(0, &[1.8, 4.0]);
    assert!((cheaper - 100.0 * 0.9_f64.powf(-1.359_224)).abs() < 1e-3, "{cheaper}");
    // A rival takes no more than nine tenths away.
    assert!((read(0.0).products[0].rival_share(0, 1e-9, 4.0) + 0.9).abs() < 1e-12);
}

#[test]
fn rules_that_cannot_be_meant_are_refused() {
    let refused = |low: f64, other: &str| {
        let gap = Table::new("gaps").with_text("product", ["A"]).with_text("other", [other]);
        let mut tables = tables(&NUMBERS, 4);
        tables.insert(gap.with_number("low", [low]).with_number("high", [1.9]));
        Problem::read("test", tables, &Settings::default(), Fitting::Anew).is_err()
    };
    assert!(refused(1.3, "A") && refused(2.0, "B") && !refused(0.5, "B"));
    let mut wild = tables(&NUMBERS, 4);
    let products = wild.get("products").unwrap().clone();
    wild.insert(products.with_number("elasticity", [-20.0; 4]));
    let settings = Settings::default().with("max_change", 0.95);
    let ladder = Table::new("ladder").with_text("product", ["A"]).with_number("price", [0.1]);
    wild.insert(ladder);
    assert!(Problem::read("test", wild, &settings, Fitting::Anew).is_err());
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
