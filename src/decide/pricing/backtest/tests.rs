#![allow(clippy::unwrap_used, clippy::print_stdout)]

use chrono::{Duration, NaiveDate};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::super::Pricing;
use super::*;
use crate::decide::{Decision, Input, SolveOptions};

/// Products in categories of three whose demand is known: own and cross elasticities constant.
struct World {
    cost: Vec<f64>,
    price: Vec<f64>,
    level: Vec<f64>,
    own: Vec<f64>,
    cross: Vec<f64>,
    sales: Table,
}

/// Products of a category.
const KIN: usize = 3;

fn monday(week: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + Duration::weeks(week as i64)
}

impl World {
    /// Prices stray by `spread` from week to week, sales by three tenths.
    fn new(products: usize, weeks: usize, spread: f64, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = || -> f64 { StandardNormal.sample(&mut random) };
        let mut made = |middle: f64, spread: f64| (0..products).map(|_| middle + spread * draw()).collect();
        let own: Vec<f64> = made(-2.6, 0.35);
        let cross: Vec<f64> = made(0.3, 0.08);
        let cost: Vec<f64> = made(1.0, 0.1);
        let skew: Vec<f64> = made(0.05, 0.1);
        let level: Vec<f64> = made(6.5, 0.5);
        let best = |at: usize| cost[at] * own[at] / (1.0 + own[at]);
        let price = (0..products).map(|at| (100.0 * best(at) * skew[at].exp()).round() / 100.0).collect();
        let mut world = World { cost, price, level, own, cross, sales: Table::new("sales") };
        let mut rows: Vec<(usize, usize, f64, f64)> = Vec::new();
        for week in 0..weeks {
            let prices: Vec<f64> = world.price.iter().map(|price| price * (spread * draw()).exp()).collect();
            let sold = |at: usize, shock: f64| (world.demand(at, &prices) * (0.3 * shock).exp()).round();
            rows.extend((0..products).map(|at| (at, week, prices[at], sold(at, draw()))));
        }
        world.sales = Table::new("sales")
            .with_text("product", rows.iter().map(|row| format!("P{}", row.0)))
            .with_date("date", rows.iter().map(|row| monday(row.1)))
            .with_number("quantity", rows.iter().map(|row| row.3))
            .with_number("price", rows.iter().map(|row| row.2));
        world
    }

    fn demand(&self, at: usize, prices: &[f64]) -> f64 {
        let kin = (at / KIN * KIN..(at / KIN + 1) * KIN).filter(|&other| other != at);
        let rivals: f64 = kin.map(|other| self.cross[at] * (prices[other] / self.price[other]).ln()).sum();
        (self.level[at] + self.own[at] * (prices[at] / self.price[at]).ln() + rivals).exp()
    }

    fn margin(&self, at: usize, prices: &[f64]) -> f64 {
        (prices[at] - self.cost[at]) * self.demand(at, prices)
    }

    fn tables(&self) -> Tables {
        let products = Table::new("products")
            .with_text("product", (0..self.price.len()).map(|at| format!("P{at}")))
            .with_text("category", (0..self.price.len()).map(|at| format!("C{}", at / KIN)))
            .with_number("unit_cost", self.cost.clone())
            .with_number("price", self.price.clone());
        Tables::default().with(products).with(self.sales.clone())
    }

    /// The most that a category brings with prices of its ladders, by trying all.
    fn best(&self, category: usize, ladders: &[Vec<f64>]) -> f64 {
        let mut prices = self.price.clone();
        let first = category * KIN;
        let mut best = f64::NEG_INFINITY;
        for &a in &ladders[first] {
            for &b in &ladders[first + 1] {
                for &c in &ladders[first + 2] {
                    prices[first..first + KIN].copy_from_slice(&[a, b, c]);
                    best = best.max((first..first + KIN).map(|at| self.margin(at, &prices)).sum());
                }
            }
        }
        best
    }
}

/// Slope of the logarithm of what was sold over that of the price, one least squares a product.
fn plain(world: &World, product: usize) -> f64 {
    let code = format!("P{product}");
    let rows = (0..world.sales.len()).filter(|&row| world.sales.text("product").unwrap().get(row) == code);
    let logs: Vec<(f64, f64)> = rows
        .map(|row| {
            let of = |name: &str| world.sales.number(name).unwrap()[row];
            (of("price").ln(), of("quantity").max(0.5).ln())
        })
        .collect();
    let count = logs.len() as f64;
    let mean = logs.iter().fold((0.0, 0.0), |sum, log| (sum.0 + log.0 / count, sum.1 + log.1 / count));
    let both: f64 = logs.iter().map(|log| (log.0 - mean.0) * (log.1 - mean.1)).sum();
    both / logs.iter().map(|log| (log.0 - mean.0).powi(2)).sum::<f64>()
}

/// Prices of a plan, its table of elasticities and the prices that each product could have taken.
fn planned(world: &World) -> (Vec<f64>, Table, Vec<Vec<f64>>) {
    let settings = Settings::default().with("rivals", KIN - 1).with("max_change", 0.3);
    let input = Input::Tables { name: "world".to_owned(), tables: world.tables(), settings };
    let prepared = Pricing.prepare(input, &Control::default()).unwrap();
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    let prices = solution.tables.get("prices").unwrap().number("price").unwrap().to_vec();
    let curves = solution.tables.get("curves").unwrap();
    let ladder = |at: usize| {
        let of = |row: &usize| curves.text("product").unwrap().get(*row) == format!("P{at}");
        (0..curves.len()).filter(of).map(|row| curves.number("price").unwrap()[row]).collect()
    };
    let ladders = (0..world.price.len()).map(ladder).collect();
    (prices, solution.tables.get("elasticities").unwrap().clone(), ladders)
}

#[test]
fn twenty_weeks_tell_elasticities_twice_as_well_as_a_regression_a_product() {
    let world = World::new(30, 20, 0.1, 3);
    let (_, table, _) = planned(&world);
    let is_own = |row: &usize| table.cell_text("product", *row) == table.cell_text("other", *row);
    let found = (0..table.len()).filter(is_own).map(|row| table.number("elasticity").unwrap()[row]);
    let ours: f64 = found.zip(&world.own).map(|(found, own)| (found - own).abs()).sum();
    let theirs: f64 = world.own.iter().zip(0..).map(|(own, at)| (plain(&world, at) - own).abs()).sum();
    println!("elasticity error {:.3} of that of a regression a product", ours / theirs);
    assert!(ours < 0.5 * theirs, "{ours} {theirs}");
}

#[test]
fn two_years_bring_prices_within_two_per_cent_of_the_optimum() {
    let mut lost = 0.0;
    let seeds = 1..=4;
    for seed in seeds.clone() {
        let world = World::new(30, 104, 0.15, seed);
        let (prices, _, ladders) = planned(&world);
        let brought: f64 = (0..world.price.len()).map(|at| world.margin(at, &prices)).sum();
        let before: f64 = (0..world.price.len()).map(|at| world.margin(at, &world.price)).sum();
        let best: f64 = (0..world.price.len() / KIN).map(|category| world.best(category, &ladders)).sum();
        println!(
            "seed {seed}: margin {:.4} below the optimum, {:.4} before",
            1.0 - brought / best,
            1.0 - before / best
        );
        assert!(brought <= best + 1e-9 && brought > before, "{before} {brought} {best}");
        lost += (1.0 - brought / best) / seeds.clone().count() as f64;
    }
    assert!(lost < 0.02, "{lost}");
}

fn replayed(world: &World, options: &BacktestOptions, threads: usize) -> Result<Backtest, Faults> {
    let settings = Settings::default().with("rivals", KIN - 1);
    let control = Control::default().with_threads(threads);
    backtest("world", &world.tables(), &settings, options, &control)
}

#[test]
fn what_was_sold_is_told_as_it_was_and_the_gain_is_near_the_truth() {
    let world = World::new(6, 80, 0.1, 5);
    let from = Some(monday(50));
    let options = BacktestOptions { rounds: 3, from, windows: 2, own_orders: None };
    let found = replayed(&world, &options, 2).unwrap();
    assert_eq!(found.windows.iter().map(|window| window.from).collect::<Vec<_>>(), [monday(50), monday(77)]);
    let of = |policy: &str, figure: &str| found.policies[policy][figure].as_f64().unwrap();
    // The past is not estimated: it is what the sales say.
    let weeks = [50, 51, 52, 77, 78, 79].map(monday);
    let (mut units, mut margin) = (0.0, 0.0);
    for row in 0..world.sales.len() {
        let number = |name: &str| world.sales.number(name).unwrap()[row];
        if weeks.iter().any(|week| world.sales.cell_text("date", row) == week.to_string()) {
            let product: usize = world.sales.cell_text("product", row)[1..].parse().unwrap();
            units += number("quantity");
            margin += number("quantity") * (number("price") - world.cost[product]);
        }
    }
    assert!((of(THEN, "volume") / units - 1.0).abs() < 1e-9, "{} {units}", of(THEN, "volume"));
    assert!((of(THEN, "margin") / margin - 1.0).abs() < 1e-3, "{} {margin}", of(THEN, "margin"));
    assert!(of(FORESIGHT, "margin") >= of(PURVEY, "margin"));
    assert!((of(PURVEY, "gain") - (of(PURVEY, "margin") - of(THEN, "margin"))).abs() < 1e-6);
    assert!(of(PURVEY, "gain_low") < of(PURVEY, "gain") && of(PURVEY, "gain") < of(PURVEY, "gain_high"));
    // What the truth says of the same prices.
    let table = found.tables.get("replayed_prices").unwrap();
    let priced = |name: &str| table.number(name).unwrap();
    let mut truth = 0.0;
    for round in 0..table.len() / 6 {
        let rows = round * 6..(round + 1) * 6;
        let (ours, then) = (&priced("price")[rows.clone()], &priced("price_then")[rows]);
        truth += (0..6).map(|at| world.margin(at, ours) - world.margin(at, then)).sum::<f64>();
    }
    let gain = of(PURVEY, "gain");
    println!("gain {gain:.0}, by the truth {truth:.0}, weighted error {:.3}", of(PURVEY, "wape"));
    assert!(truth > 0.0 && gain > 0.4 * truth && gain < 1.8 * truth, "{gain} {truth}");
    assert!(of(PURVEY, "wape") > 0.1 && of(PURVEY, "wape") < 0.4, "{}", of(PURVEY, "wape"));
    assert!(found.headline.iter().any(|text| text.contains("Nobody bought at these prices")));
    let alone = replayed(&world, &options, 1).unwrap();
    assert_eq!(alone.policies, found.policies);
}

#[test]
fn rounds_that_were_not_replayed_are_not_counted() {
    let world = World::new(3, 60, 0.1, 2);
    let options = BacktestOptions { rounds: 3, from: Some(monday(40)), windows: 2, own_orders: None };
    let with = |control: &Control| {
        let settings = Settings::default().with("rivals", KIN - 1);
        backtest("world", &world.tables(), &settings, &options, control).unwrap()
    };
    let late = with(&Control::default().with_time(std::time::Duration::ZERO).started());
    assert!(
        late.windows.is_empty() && late.headline == ["No round was replayed before the run was stopped."]
    );
    let said = |found: &Backtest, text: &str| found.warnings.iter().any(|warning| warning.contains(text));
    assert!(
        said(&late, "stopped after 0 of 6 rounds") && !said(&late, "kept all rules"),
        "{:?}",
        late.warnings
    );
    assert!(
        late.policies[PURVEY]["gain_low"].is_null() && late.tables.get("replayed_prices").unwrap().is_empty()
    );
    let plain = Control::default();
    let cancel = plain.cancel.clone();
    let halted = plain.with_progress(move |progress| {
        if progress.stage == "backtest" && progress.done == 1 {
            cancel.request();
        }
    });
    let half = with(&halted);
    assert_eq!(half.windows.iter().map(|window| window.rounds).collect::<Vec<_>>(), [3]);
    assert!(
        said(&half, "stopped after 3 of 6 rounds") && !said(&half, "kept all rules"),
        "{:?}",
        half.warnings
    );
    let whole = with(&Control::default());
    assert!(whole.windows.len() == 2 && !said(&whole, "stopped"));
    assert_eq!(whole.windows[0].policies, half.policies, "the window that was replayed says what it says");
}

#[test]
fn a_period_without_a_row_was_foreseen_like_one_of_0() {
    let world = World::new(3, 60, 0.1, 4);
    let place = |week: usize| {
        (0..world.sales.len())
            .find(|&row| {
                world.sales.cell_text("product", row) == "P0"
                    && world.sales.cell_text("date", row) == monday(week).to_string()
            })
            .unwrap()
    };
    let error = |sales: Table| {
        let mut tables = world.tables();
        tables.insert(sales);
        let options = BacktestOptions { rounds: 2, from: Some(monday(40)), windows: 1, own_orders: None };
        let settings = Settings::default().with("rivals", KIN - 1);
        let found = backtest("world", &tables, &settings, &options, &Control::default()).unwrap();
        found.policies[PURVEY]["wape"].as_f64().unwrap()
    };
    let (empty, before) = (place(41), place(40));
    let (mut quantity, mut price) =
        (world.sales.number("quantity").unwrap().to_vec(), world.sales.number("price").unwrap().to_vec());
    (quantity[empty], price[empty]) = (0.0, price[before]);
    let stated = world.sales.clone().with_number("quantity", quantity).with_number("price", price);
    let left: Vec<u32> = (0..world.sales.len() as u32).filter(|&row| row as usize != empty).collect();
    let (with_row, without) = (error(stated), error(world.sales.picked(&left)));
    assert!((with_row - without).abs() < 1e-9, "{with_row} {without}");
    assert!(without > error(world.sales.clone()), "what was foreseen did not come");
}

#[test]
fn windows_that_do_not_fit_are_refused_with_those_that_do() {
    let world = World::new(3, 24, 0.1, 1);
    let at = |from: Option<NaiveDate>, rounds: usize| {
        replayed(&world, &BacktestOptions { rounds, from, windows: 1, own_orders: None }, 1)
    };
    let refused = at(Some(monday(23)), 4).unwrap_err();
    let help = format!("choose --from between {} and {}", monday(8), monday(20));
    assert_eq!(refused.as_slice()[0].help, help);
    assert!(at(Some(monday(2)), 4).is_err() && at(None, 20).is_err() && at(None, 0).is_err());
    let chosen = at(None, 4).unwrap();
    assert_eq!(chosen.from, monday(16), "a third of the history is left for the judge");
    assert!(
        chosen.warnings.iter().any(|text| text.contains("8 later periods only")),
        "{:?}",
        chosen.warnings
    );
    let mut bare = world.tables();
    bare.insert(Table::new("sales").with_text("product", [""; 0]));
    assert!(
        backtest("world", &bare, &Settings::default(), &BacktestOptions::default(), &Control::default())
            .is_err()
    );
}
