#![allow(clippy::unwrap_used)]

use chrono::{Duration, NaiveDate};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::problem::{Fitting, Problem};
use super::*;
use crate::data::{Code, Table};

/// Products that do not answer to each other, in stores of different size; elasticities are known.
const OWN: [f64; 4] = [-1.6, -2.4, -3.4, -2.0];
const STORES: usize = 6;
const WEEKS: i64 = 40;

fn monday(week: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 1, 6).unwrap() + Duration::weeks(week)
}

/// A row: product, store, week, quantity, price.
type Row = (usize, usize, i64, f64, f64);

/// What is sold at some prices: noise of a fifth.
fn sold(rows: impl IntoIterator<Item = (usize, usize, i64, f64)>, own: &[f64; 4], seed: u64) -> Vec<Row> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let made = |(product, store, week, price): (usize, usize, i64, f64)| {
        let shock: f64 = StandardNormal.sample(&mut random);
        let log = 5.5 + 0.3 * store as f64 + own[product] * (price / 2.0_f64).ln() + 0.2 * shock;
        (product, store, week, log.exp(), price)
    };
    rows.into_iter().map(made).collect()
}

fn table(rows: &[Row]) -> Table {
    Table::new("sales")
        .with_text("product", rows.iter().map(|row| format!("P{}", row.0)))
        .with_text("store", rows.iter().map(|row| format!("S{}", row.1)))
        .with_date("date", rows.iter().map(|row| monday(row.2)))
        .with_number("quantity", rows.iter().map(|row| row.3))
        .with_number("price", rows.iter().map(|row| row.4))
}

/// Weeks of prices that hardly move.
fn past(stores: usize, weeks: std::ops::Range<i64>) -> Vec<(usize, usize, i64, f64)> {
    let cells = (0..stores).flat_map(move |store| weeks.clone().map(move |week| (store, week)));
    let price = |product: usize, week: i64| 2.0 + 0.04 * ((week * (product as i64 + 3)) % 3 - 1) as f64;
    cells.flat_map(|(store, week)| (0..4).map(move |at| (at, store, week, price(at, week)))).collect()
}

fn tables(stores: usize) -> Tables {
    let products = Table::new("products")
        .with_text("product", (0..4).map(|at| format!("P{at}")))
        .with_number("unit_cost", [1.1, 1.2, 1.3, 1.0])
        .with_number("price", [2.0; 4]);
    Tables::default().with(products).with(table(&sold(past(stores, 0..WEEKS), &OWN, 3)))
}

fn prepared(tables: Tables, settings: &Settings, seed: u64) -> Box<dyn Prepared> {
    let input = Input::Tables { name: "trial".to_owned(), tables, settings: settings.clone() };
    Pricing.prepare(input, &Control::default().with_seed(seed)).unwrap()
}

fn solved(prepared: &dyn Prepared, seed: u64) -> Solution {
    let control = Control::default().with_seed(seed);
    prepared.solve(&SolveOptions { control, ..SolveOptions::default() }).unwrap()
}

fn asked() -> Settings {
    Settings::default().with("test_loss", 400).with("max_tests", 3)
}

fn kpi(solution: &Solution, name: &str) -> f64 {
    solution.kpis.iter().find(|kpi| kpi.0 == name).unwrap().1
}

#[test]
fn tests_are_drawn_within_their_loss_and_the_same_again() {
    let prepared = prepared(tables(STORES), &asked(), 1);
    let solution = solved(&*prepared, 1);
    let tests = solution.tables.get("price_tests").unwrap();
    let number = |name: &str, row: usize| tests.number(name).unwrap()[row];
    assert!(kpi(&solution, "price_tests") >= 1.0 && kpi(&solution, "price_tests") <= 3.0);
    assert_eq!(tests.len(), STORES * kpi(&solution, "price_tests") as usize);
    let loss: f64 = tests.number("expected_loss").unwrap().iter().sum();
    assert!(loss <= 400.0 && (loss - kpi(&solution, "test_loss")).abs() < 1e-6, "{loss}");
    assert!(kpi(&solution, "test_worth") > loss);
    let is_test = |row: usize| tests.cell_text("arm", row) == "test";
    assert_eq!(
        (0..tests.len()).filter(|&row| is_test(row)).count(),
        tests.len() / 2,
        "one of each two stores"
    );
    let prices = solution.tables.get("prices").unwrap();
    for row in 0..tests.len() {
        assert!(number("width_after", row) < 0.8 * number("width_now", row));
        assert_eq!(tests.cell_text("from", row), day(WEEKS));
        let product: usize = tests.cell_text("product", row)[1..].parse().unwrap();
        assert_eq!(number("control_price", row), prices.number("price").unwrap()[product]);
        assert_eq!(is_test(row), number("price", row) != number("control_price", row));
    }
    assert!(solution.headline.iter().any(|text| text.contains("price_tests.csv")), "{:?}", solution.headline);
    assert!(prepared.check(&solution.tables).unwrap().feasible);
    assert_eq!(solved(&*prepared, 1).tables.get("price_tests"), Some(tests));
    let arms = |solution: &Solution| {
        let tests = solution.tables.get("price_tests").unwrap();
        (0..tests.len()).map(|row| tests.cell_text("arm", row)).collect::<Vec<String>>()
    };
    assert!((2..6).any(|seed| arms(&solved(&*prepared, seed)) != arms(&solution)), "another lot");
    let none = super::trials_tests::prepared(tables(STORES), &Settings::default(), 1);
    assert!(solved(&*none, 1).tables.get("price_tests").is_none());
    let poor = super::trials_tests::prepared(tables(STORES), &Settings::default().with("test_loss", 0), 1);
    let told = solved(&*poor, 1);
    assert!(kpi(&told, "test_loss") <= 1e-9, "{:?}", told.kpis);
    // The smaller of money and share counts.
    let shared = asked().with("test_loss_share", 0.005);
    let shared = solved(&*super::trials_tests::prepared(tables(STORES), &shared, 1), 1);
    let positive: f64 = kpi(&shared, "test_loss").max(0.0);
    assert!(positive <= 0.005 * 4.0 * kpi(&shared, "margin") + 1e-6);
}

/// First day of the period after the last sales, which end on a Monday.
fn day(week: i64) -> String {
    (monday(week - 1) + Duration::days(1)).to_string()
}

#[test]
fn few_stores_switch_between_the_prices() {
    let prepared = prepared(tables(1), &asked(), 5);
    let solution = solved(&*prepared, 5);
    let tests = solution.tables.get("price_tests").unwrap();
    let first: Vec<usize> = (0..tests.len())
        .filter(|&row| tests.cell_text("product", row) == tests.cell_text("product", 0))
        .collect();
    let arms: Vec<String> = first.iter().map(|&row| tests.cell_text("arm", row)).collect();
    assert_eq!(arms.len(), 4, "a row a period");
    assert!(arms[0] != arms[1] && arms[2] != arms[3], "one of each two periods: {arms:?}");
    assert!(prepared.check(&solution.tables).unwrap().feasible);
}

#[test]
fn tests_keep_every_rule() {
    let mut rules = tables(STORES);
    rules.insert(
        Table::new("gaps")
            .with_text("product", ["P1"])
            .with_text("other", ["P0"])
            .with_number("low", [0.9])
            .with_number("high", [1.1]),
    );
    let settings = asked()
        .with("max_tests", 4)
        .with("test_loss", 100_000)
        .with("max_changes", 2)
        .with("min_volume", 0.97);
    let own = prepared(rules.clone(), &settings, 1);
    let solution = solved(&*own, 1);
    assert!(own.check(&solution.tables).unwrap().feasible);
    let tests = solution.tables.get("price_tests").unwrap();
    assert!(!tests.is_empty());
    let tested = |code: &str| (0..tests.len()).any(|row| tests.cell_text("product", row) == code);
    assert!(!(tested("P0") && tested("P1")), "a gap binds them");
    // Each rule broken by hand is found.
    let checked = |prepared: &dyn Prepared, table: Table| {
        let plan = Tables::default().with(solution.tables.get("prices").unwrap().clone()).with(table);
        let rules = prepared.check(&plan).unwrap().violations;
        rules.into_iter().map(|it| it.rule).collect::<Vec<String>>()
    };
    let with = |name: &str, value: f64| {
        let mut all = tests.number(name).unwrap().to_vec();
        all[0] = value;
        tests.clone().with_number(name, all)
    };
    assert_eq!(checked(&*own, tests.clone()), [""; 0]);
    assert!(checked(&*own, with("price", 2.0123)).contains(&"ladder".to_owned()));
    assert!(checked(&*own, with("price", 9.0)).contains(&"price_change".to_owned()));
    assert!(checked(&*own, with("control_price", 1.0)).contains(&"price_test".to_owned()));
    let twice: Vec<u32> = std::iter::once(0).chain(0..tests.len() as u32).collect();
    assert!(checked(&*own, tests.picked(&twice)).contains(&"price_test".to_owned()));
    let stranger = tests.clone().with_text("product", (0..tests.len()).map(|_| "Z"));
    assert!(checked(&*own, stranger).contains(&"price_test".to_owned()));
    let elsewhere = tests.clone().with_text("group", (0..tests.len()).map(|_| "MOON"));
    assert!(checked(&*own, elsewhere).contains(&"price_test".to_owned()));
    let arms = (0..tests.len()).map(|row| tests.cell_text("arm", row));
    let swapped = arms.map(|arm| if arm == "test" { "control" } else { "test" });
    assert!(checked(&*own, tests.clone().with_text("arm", swapped)).contains(&"price_test".to_owned()));
    assert!(checked(&*own, with("expected_loss", -99_999.0)).contains(&"test_loss".to_owned()));
    let early = tests.clone().with_date("from", (0..tests.len()).map(|_| monday(2)));
    let early = early.with_date("until", (0..tests.len()).map(|_| monday(5)));
    assert!(checked(&*own, early).contains(&"price_test".to_owned()));
    let long = tests.clone().with_date("until", (0..tests.len()).map(|_| monday(WEEKS + 4)));
    assert!(checked(&*own, long).contains(&"price_test".to_owned()));
    let strict = |settings: Settings| checked(&*prepared(rules.clone(), &settings, 1), tests.clone());
    let lossy = (0..tests.len()).any(|row| tests.number("expected_loss").unwrap()[row] > 0.0);
    assert!(lossy && strict(settings.clone().with("test_loss", 0)).contains(&"test_loss".to_owned()));
    for (name, value) in [("max_tests", 0), ("test_periods", 2)] {
        assert_eq!(strict(settings.clone().with(name, value)).first().unwrap(), "price_test", "{name}");
    }
    let unasked = Settings::default().with("max_changes", 2).with("min_volume", 0.97);
    assert_eq!(strict(unasked), ["test_loss"], "none are allowed");
    assert!(strict(settings.clone().with("max_changes", 0)).contains(&"number_of_changes".to_owned()));
    let mut tight = rules.clone();
    let product = tests.cell_text("product", 0);
    let row = (0..tests.len()).find(|&row| tests.cell_text("arm", row) == "test").unwrap();
    let ratio = tests.number("price").unwrap()[row] / 2.0;
    let gap = |low: f64, high: f64| {
        let table = Table::new("gaps").with_text("product", [&product]).with_text("other", ["P3"]);
        table.with_number("low", [low]).with_number("high", [high])
    };
    tight.insert(if ratio > 1.0 { gap(0.0, 0.5 * (1.0 + ratio)) } else { gap(0.5 * (1.0 + ratio), 9.0) });
    if product != "P3" {
        let bound = prepared(tight, &settings, 1);
        assert!(checked(&*bound, tests.clone()).contains(&"price_gap".to_owned()));
    }
    let floor = settings.with("min_revenue", 1.5);
    let floored = prepared(rules, &floor, 1);
    assert!(checked(&*floored, tests.clone()).contains(&"floor".to_owned()));
}

#[test]
fn what_a_test_tells_comes_back_as_foreseen() {
    let settings =
        Settings::default().with("test_loss", 100_000).with("test_periods", 8).with("elasticity_drift", 0);
    let mut before = prepared(tables(STORES), &settings, 2);
    let solution = solved(&*before, 2);
    let tests = solution.tables.get("price_tests").unwrap();
    let prices = solution.tables.get("prices").unwrap().number("price").unwrap().to_vec();
    let of = |product: usize, store: usize| {
        let is = |row: &usize| {
            tests.cell_text("product", *row) == format!("P{product}")
                && tests.cell_text("group", *row) == format!("S{store}")
        };
        (0..tests.len()).find(is).map_or(prices[product], |row| tests.number("price").unwrap()[row])
    };
    let foreseen = |product: usize| {
        let row = (0..tests.len()).find(|&row| tests.cell_text("product", row) == format!("P{product}"));
        row.map(|row| tests.number("width_after").unwrap()[row] / (2.0 * plan::deviations(0.95)))
    };
    let cells = (WEEKS..WEEKS + 8).flat_map(|week| (0..STORES).map(move |store| (week, store)));
    let rows: Vec<_> = cells.flat_map(|(week, store)| (0..4).map(move |at| (at, store, week))).collect();
    let rows = sold(rows.into_iter().map(|(at, store, week)| (at, store, week, of(at, store))), &OWN, 7);
    let update = before.update(&Event { rows: table(&rows) }).unwrap();
    assert_eq!(update.orders.len(), 4);
    let after = solved(&*before, 2);
    let own = |solution: &Solution, product: usize| {
        let table = solution.tables.get("elasticities").unwrap();
        let of = |name: &str| table.number(name).unwrap()[product];
        (of("elasticity"), (of("high") - of("low")) / (2.0 * plan::deviations(0.95)))
    };
    let mut tested = 0;
    for (product, truth) in OWN.into_iter().enumerate() {
        let Some(foreseen) = foreseen(product) else { continue };
        let (value, error) = own(&after, product);
        assert!((error / foreseen - 1.0).abs() < 0.1, "{product}: {error} {foreseen}");
        assert!((value - truth).abs() < 3.0 * error, "{product}: {value} {error}");
        assert!(error < 0.6 * own(&solution, product).1);
        tested += 1;
    }
    assert!(tested >= 3, "{tested}");
}

#[test]
fn knowing_is_worth_what_drawing_says() {
    let problem = Problem::read("trial", tables(STORES), &Settings::default(), Fitting::Anew).unwrap();
    let standing = problem::Standing::new(&problem, problem.prices_now());
    let it = &problem.products[0];
    let ladder = it.ladder.clone();
    let worth = |told: f64| trials::of_knowing(&problem, &standing, 0, &ladder, told);
    assert!(worth(0.0).abs() < 1e-9 && worth(0.4) > worth(0.2) && worth(1.0) > worth(0.4));
    let brings = |price: f64, elasticity: f64| {
        (price - it.unit_cost) * it.quantity_now * (price / it.price_now).powf(elasticity.min(0.0))
    };
    let best = |elasticity: f64| ladder.iter().map(|&p| brings(p, elasticity)).fold(f64::MIN, f64::max);
    let mean = it.own.elasticity;
    let kept = ladder.iter().copied().max_by(|a, b| brings(*a, mean).total_cmp(&brings(*b, mean))).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut sum = 0.0;
    for _ in 0..40_000 {
        let shock: f64 = StandardNormal.sample(&mut random);
        let drawn = mean + 0.8 * shock;
        sum += best(drawn) - brings(kept, drawn);
    }
    let drawn = sum / 40_000.0;
    assert!((worth(0.8) / drawn - 1.0).abs() < 0.08, "{} {drawn}", worth(0.8));
}

#[test]
fn sales_after_the_fit_move_it_however_they_come() {
    let weekly = |(at, store, week, _): (usize, usize, i64, f64)| {
        (at, store, week, 2.0 + 0.1 * ((week * (at as i64 + 1) + store as i64) % 5 - 2) as f64)
    };
    let mut all = sold(past(2, 0..30).into_iter().map(weekly), &OWN, 9);
    // Weeks without a row: of one store while the other sells, and of a product everywhere.
    all.retain(|&(at, store, week, ..)| !(at == 1 && store == 1 && (22..25).contains(&week)));
    all.retain(|&(at, _, week, ..)| !(at == 2 && week == 26));
    let until = |week: i64| all.iter().copied().filter(|row| row.2 < week).collect::<Vec<Row>>();
    // Two pairs of products that may answer to each other.
    let products = tables(1).get("products").unwrap().clone().with_text("category", ["A", "A", "B", "B"]);
    let with = |rows: &[Row]| Tables::default().with(products.clone()).with(table(rows));
    let mut streamed = prepared(with(&until(20)), &Settings::default(), 1);
    for week in 20..30 {
        let rows: Vec<Row> = all.iter().copied().filter(|row| row.2 == week).collect();
        streamed.update(&Event { rows: table(&rows) }).unwrap();
    }
    let mut at_once = prepared(with(&until(20)), &Settings::default(), 1);
    let rows: Vec<Row> = all.iter().copied().filter(|row| row.2 >= 20).collect();
    at_once.update(&Event { rows: table(&rows) }).unwrap();
    let settings = Settings::default().with("fit_until", monday(19).to_string());
    let read = solved(&*prepared(with(&all), &settings, 1), 1);
    let updates = read.tables.get("updates").unwrap();
    assert_eq!(updates.number("rows").unwrap(), [20.0; 4]);
    let own = |solution: &Solution, column: &str| {
        let table = solution.tables.get("elasticities").unwrap();
        let is_own = |row: &usize| table.cell_text("product", *row) == table.cell_text("other", *row);
        let rows = (0..table.len()).filter(is_own);
        rows.map(|row| table.number(column).unwrap()[row]).collect::<Vec<f64>>()
    };
    let demand =
        |solution: &Solution| solution.tables.get("prices").unwrap().number("quantity_now").unwrap().to_vec();
    let known =
        |solution: &Solution| [own(solution, "elasticity"), own(solution, "low"), demand(solution)].concat();
    for other in [solved(&*streamed, 1), solved(&*at_once, 1)] {
        assert_eq!(known(&other).len(), 12);
        for (a, b) in known(&other).into_iter().zip(known(&read)) {
            assert!((a - b).abs() < 1e-9 * a.abs(), "{a} {b}");
        }
    }
    let alone = solved(&*prepared(with(&until(20)), &Settings::default(), 1), 1);
    assert!(alone.tables.get("updates").is_none());
    let error = |solution: &Solution| {
        let table = solution.tables.get("elasticities").unwrap();
        table.number("high").unwrap()[1] - table.number("low").unwrap()[1]
    };
    assert!(error(&read) < error(&alone));
}

#[test]
fn a_changed_answer_is_told() {
    let mut other = OWN;
    other[1] = -6.0;
    let price = |(at, store, week, _): (usize, usize, i64, f64)| {
        (at, store, week, 2.0 + 0.2 * ((week * 7 + 3 * store as i64) % 5 - 2) as f64)
    };
    let mut rows = sold(past(4, 0..40).into_iter().map(price), &OWN, 1);
    rows.extend(sold(past(4, 40..70).into_iter().map(price), &other, 2));
    let tables = Tables::default().with(tables(1).get("products").unwrap().clone()).with(table(&rows));
    let settings = Settings::default().with("fit_until", monday(39).to_string());
    let prepared = prepared(tables, &settings, 1);
    let said: Vec<String> =
        prepared.notices().as_slice().iter().map(|notice| notice.message.clone()).collect();
    assert!(said.iter().any(|text| text.starts_with("P1: demand answers more to the price")), "{said:?}");
    assert!(!said.iter().any(|text| text.starts_with("P0:") || text.starts_with("P2:")), "{said:?}");
    let solution = solved(&*prepared, 1);
    let updates = solution.tables.get("updates").unwrap();
    assert!(
        updates.cell_text("alarm", 1).contains("answers more")
            && !updates.cell_text("alarm_date", 1).is_empty()
    );
    assert!(updates.number("elasticity").unwrap()[1] < updates.number("elasticity_fitted").unwrap()[1] - 0.3);
}

#[test]
fn sales_that_tell_nothing_are_refused() {
    let mut prepared = prepared(tables(2), &Settings::default(), 1);
    let mut refused = |rows: &[Row]| prepared.update(&Event { rows: table(rows) }).is_err();
    assert!(refused(&[(9, 0, WEEKS, 10.0, 2.0)]), "no such product");
    assert!(refused(&[(0, 0, WEEKS - 1, 10.0, 2.0)]), "a period that was fitted");
    assert!(refused(&[(0, 0, WEEKS, -1.0, 2.0)]) && refused(&[(0, 0, WEEKS, 10.0, 0.0)]));
    assert!(refused(&[(0, 0, WEEKS + 900, 10.0, 2.0)]), "a slip of the date");
    assert!(!refused(&[(0, 0, WEEKS, 10.0, 2.0), (0, 1, WEEKS, 12.0, 2.0)]));
    assert!(refused(&[(0, 0, WEEKS, 10.0, 2.0)]), "taken in before");
    assert!(!refused(&[(0, 0, WEEKS + 2, 0.0, 2.0)]) && !refused(&[(0, 7, WEEKS + 2, 5.0, 2.0)]));
    assert!(!refused(&[]));
    let good = table(&[(0, 0, WEEKS + 3, 10.0, 2.0)]);
    let mut fault = |rows: &Table| {
        let faults = prepared.update(&Event { rows: rows.clone() }).unwrap_err();
        faults.as_slice().iter().map(|fault| (fault.code, fault.message.clone())).collect::<Vec<_>>()
    };
    for (name, value) in [("promotion", 1e200), ("promotion", -0.1), ("feature", 1.01), ("cost", -1.0)] {
        let said = fault(&good.clone().with_number(name, [value]));
        assert!(said.len() == 1 && said[0].0 == Code::OutOfRange && said[0].1.contains(name), "{said:?}");
    }
    let bare = Table::new("sales").with_text("product", ["P0"]).with_number("quantity", [10.0]);
    let said = fault(&bare.with_date("date", [monday(WEEKS + 3)]));
    assert_eq!(said, [(Code::MissingColumn, "column price is missing".to_owned())]);
    assert_eq!(fault(&good.clone().with_text("price", ["2"]))[0].0, Code::WrongType);
    prepared.update(&Event { rows: good }).unwrap();
    assert!(solved(&*prepared, 1).outcome.objective.unwrap().is_finite(), "nothing was changed before");
}
