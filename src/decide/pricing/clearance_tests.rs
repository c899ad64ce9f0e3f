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
fn reasons_say_what_the_budget_did() {
    let solve = |settings: &Settings| {
        prepared(tables([30.0, 40.0]), settings).solve(&SolveOptions::default()).unwrap()
    };
    let reasons = |solution: &Solution| {
        let table = solution.tables.get("markdowns").unwrap();
        (0..table.len()).map(|row| table.cell_text("reason", row)).collect::<Vec<String>>()
    };
    let free = solve(&Settings::default());
    assert!(reasons(&free).iter().all(|text| !text.contains("budget")));
    let tight = solve(&Settings::default().with("markdown_budget", 0.5 * kpi(&free, "clearance_discount")));
    let told = reasons(&tight);
    let spoken = |text: &&String| !text.contains("is the lowest price");
    assert!(told.iter().filter(spoken).all(|text| text.contains("discount budget")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("would earn") && text.contains("one more is worth")));
    // Held at the price of now, nobody is said to earn by it.
    let none = solve(&Settings::default().with("markdown_budget", 0));
    let first = &reasons(&none)[0];
    assert!(first.starts_with("falling to") && first.contains("would earn"), "{first}");
}

#[test]
fn prices_rise_again_only_where_they_may() {
    // Few units at a long time: after a fall that sold more than expected the price should go up again.
    let settings = |only_fall: &str| {
        Settings::default().with("markdowns_only_fall", only_fall).with("markdown_steps", 6)
    };
    let with = |only_fall: &str| prepared(tables([30.0, 40.0]), &settings(only_fall));
    let risen = |solution: &Solution| {
        let table = solution.tables.get("markdowns").unwrap();
        let number = |name: &str, row: usize| table.number(name).unwrap()[row];
        (0..table.len()).filter(|&row| number("price", row) > number("price_before", row) + 1e-9).count()
    };
    let falls = with("yes").solve(&SolveOptions::default()).unwrap();
    let free = with("no").solve(&SolveOptions::default()).unwrap();
    assert_eq!(risen(&falls), 0);
    assert!(risen(&free) > 0 && kpi(&free, "clearance_revenue") > kpi(&falls, "clearance_revenue"));
    let broken = with("yes").check(&free.tables).unwrap().violations;
    assert!(broken.iter().any(|it| it.rule == "markdown" && it.text.contains("rises from")), "{broken:?}");
    assert!(with("no").check(&free.tables).unwrap().feasible);
}

#[test]
fn markdowns_have_their_number_and_depth() {
    let steps = |settings: &Settings| {
        let input = tables([30.0, 40.0]);
        let problem = Problem::read("sale", input, settings, Fitting::Anew).unwrap();
        problem.clearances.iter().map(|it| it.steps.clone()).collect::<Vec<_>>()
    };
    let few = steps(&Settings::default().with("markdown_steps", 2).with("deepest_markdown", 0.3));
    // The coat's lowest price, 45, lies below three tenths off.
    assert_eq!(few, [vec![80.0, 68.0, 56.0], vec![50.0, 42.5, 35.0]]);
    let deep = steps(&Settings::default().with("markdown_steps", 5).with("deepest_markdown", 0.8));
    assert_eq!(deep, [vec![80.0, 73.0, 66.0, 59.0, 52.0, 45.0], vec![50.0, 42.0, 34.0, 26.0, 18.0, 10.0]]);
    assert_eq!(steps(&Settings::default())[1].len(), 9, "eight below the price now");
}

#[test]
fn a_plan_without_its_markdowns_is_not_whole() {
    let own = prepared(tables([30.0, 40.0]), &Settings::default());
    let solution = own.solve(&SolveOptions::default()).unwrap();
    let revenue = kpi(&solution, "clearance_revenue");
    let objective = solution.outcome.objective.unwrap();
    assert!((objective - kpi(&solution, "margin") - revenue).abs() < 1e-6, "{objective} {revenue}");
    let whole = own.check(&solution.tables).unwrap();
    assert!(whole.feasible && (whole.objective.unwrap() - objective).abs() < 1e-6 * objective);
    let prices = Tables::default().with(solution.tables.get("prices").unwrap().clone());
    let bare = own.check(&prices).unwrap();
    assert!(!bare.feasible && bare.objective.is_none());
    let said: Vec<&str> = bare.violations.iter().map(|it| it.text.as_str()).collect();
    assert!(said[0].contains("no table markdowns") && said[0].contains("COAT"), "{said:?}");
    // A dearer start earns less, and the check says how much.
    let markdowns = solution.tables.get("markdowns").unwrap();
    let kept = markdowns.clone().with_number("price", markdowns.number("price_before").unwrap().to_vec());
    let worse = own.check(&prices.clone().with(kept)).unwrap();
    assert!(worse.objective.unwrap() < objective);
    let stranger = markdowns.clone().with_text("product", (0..markdowns.len()).map(|_| "HAT"));
    let odd = own.check(&prices.clone().with(stranger)).unwrap();
    assert!(odd.violations.iter().any(|it| it.text.contains("HAT is not cleared")), "{odd:?}");
    let twice: Vec<u32> = std::iter::once(0).chain(0..markdowns.len() as u32).collect();
    let two = own.check(&prices.with(markdowns.picked(&twice))).unwrap();
    assert!(two.violations.iter().any(|it| it.text.contains("two rows")), "{two:?}");
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
