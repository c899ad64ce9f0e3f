//! What must hold of every instance: plans keep their rules, and what should not matter does not.

use std::fmt::Write;

use purvey::control::Control;
use purvey::data::{Column, Settings, Table, Tables};
use purvey::decide::{CheckReport, Prepared, Solution, SolveOptions};
use purvey::solution::{SolutionStatus, Termination};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::generate::{Instance, in_quarters, instance};
use super::support::{
    lines, objective, options, order_lines, orders, prepare, quick, sales, settings, solved, table,
};

const FEATURES: [&str; 10] = [
    "lost",
    "backorder",
    "perishable",
    "budget",
    "capacity",
    "order_minimum",
    "storage",
    "shares",
    "price_breaks",
    "lead_time_spread",
];

/// Three items at one location, with one feature; the same for the same seed.
pub fn random_instance(feature: &str, seed: u64) -> (Tables, Settings) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let names = ["A", "B", "C"];
    let mean: Vec<u64> = names.iter().map(|_| rng.random_range(2..20)).collect();
    let drawn: Vec<u64> =
        (0..90).map(|index| mean[index / 30] / 2 + rng.random_range(0..=mean[index / 30])).collect();
    let mut tables = Tables::default().with(sales(&names, 30, |item, week| drawn[30 * item + week as usize]));
    let of =
        |wanted: &str, yes: &str, no: &str| if feature == wanted { yes.to_owned() } else { no.to_owned() };
    let mut items = "item,unit_cost,price,unmet_demand,shelf_life_days,volume_m3".to_owned();
    let mut stock = "item,location,date,on_hand".to_owned();
    let mut sourcing = "item,supplier,order_multiple,unit_price,min_quantity,share".to_owned();
    for (index, item) in names.iter().enumerate() {
        let cost = rng.random_range(2..9);
        let unmet = of("backorder", "backorder", "lost");
        let life = of("perishable", "14", "");
        write!(items, "\n{item},{cost},{},{unmet},{life},0.01", 2 * cost).unwrap();
        write!(stock, "\n{item},L,2024-07-01,{}", rng.random_range(0..=mean[index])).unwrap();
        let multiple = rng.random_range(1..6);
        write!(sourcing, "\n{item},S,{multiple},{cost},,{}", of("shares", "0.5", "")).unwrap();
        match feature {
            "shares" => write!(sourcing, "\n{item},T,{multiple},{cost},,0.5").unwrap(),
            "price_breaks" => {
                write!(sourcing, "\n{item},S,,{},{},", 0.8 * f64::from(cost), 3 * mean[index]).unwrap()
            }
            _ => {}
        }
    }
    let limit = match feature {
        "capacity" => format!("capacity_units\nS,7,0,0,{}\nT,7,0,0,", mean.iter().sum::<u64>()),
        "order_minimum" => "minimum_money\nS,7,0,6,90\nT,7,0,0,".to_owned(),
        "lead_time_spread" => "minimum_money\nS,9,4,0,\nT,7,0,0,".to_owned(),
        _ => "minimum_money\nS,7,0,3,\nT,7,0,0,".to_owned(),
    };
    tables.insert(table("items", &items));
    tables.insert(table("stock", &stock));
    tables.insert(table("sourcing", &sourcing));
    tables
        .insert(table("suppliers", &format!("supplier,lead_time_days,lead_time_sd_days,order_cost,{limit}")));
    if feature == "storage" {
        let room = 0.01 * 2.5 * mean.iter().sum::<u64>() as f64;
        tables.insert(table("locations", &format!("location,storage_m3\nL,{room}")));
    }
    let settings = if feature == "budget" { settings().with("budget", 150) } else { settings() };
    (tables, settings)
}

#[test]
fn own_plans_keep_every_rule_and_cost_what_is_said() {
    for (index, feature) in FEATURES.iter().enumerate() {
        for seed in 0..3 {
            let (tables, settings) = random_instance(feature, 100 * index as u64 + seed);
            let prepared = prepare(&tables, &settings);
            let solution = prepared.solve(&quick()).unwrap();
            let name = format!("{feature}, seed {seed}");
            assert_ne!(solution.outcome.solution_status, SolutionStatus::None, "{name}");
            assert!(solution.checks.feasible, "{name}: {:?}", solution.checks.violations);
            let again = prepared.check(&solution.tables).unwrap();
            let (told, found) = (objective(&solution), again.objective.unwrap());
            assert!(again.feasible, "{name}: {again:?}");
            assert!((told - found).abs() <= 1e-6 * told.abs().max(1.0), "{name}: {told} {found}");
            let bound = solution.outcome.bound;
            assert!(bound.is_none_or(|bound| bound <= told + 1e-6 * told.abs()), "{name}: {bound:?} {told}");
            let nothing = checked_nothing(prepared.as_ref());
            assert!(
                !nothing.feasible || told <= nothing.objective.unwrap() + 1e-6,
                "{name}: worse than no order"
            );
        }
    }
}

fn checked_nothing(prepared: &dyn Prepared) -> CheckReport {
    prepared
        .check(&Tables::default().with(table("orders", "item,location,supplier,order_date,quantity")))
        .unwrap()
}

/// What a smaller budget allows, a larger one allows too: no plan for the smaller one may cost less
/// than what is proved of the larger one, and where plans are proved the larger costs no more.
#[test]
fn more_budget_never_costs_more() {
    let mut proved = 0;
    for seed in 0..16 {
        let Instance { tables, settings, .. } = instance(seed);
        let mut smaller: Vec<(f64, f64)> = Vec::new();
        for budget in [0.0, 30.0, 90.0, 200.0, 500.0, 1e6] {
            let outcome = solved(&tables, &settings.clone().with("budget", budget)).outcome;
            let Some(cost) = outcome.objective else { continue };
            let slack = 1e-6 * cost.abs().max(1.0);
            for &(least, below) in &smaller {
                let bound = outcome.bound.unwrap_or(f64::NEG_INFINITY);
                assert!(
                    bound <= below + slack,
                    "seed {seed}: {below} with {least}, bound {bound} with {budget}"
                );
                if outcome.termination == Termination::Optimal {
                    proved += 1;
                    assert!(cost <= below + slack, "seed {seed}: {below} with {least}, {cost} with {budget}");
                }
            }
            smaller.push((budget, cost));
        }
    }
    assert!(proved > 40, "only {proved} comparisons with a proved plan");
}

#[test]
fn the_order_of_rows_changes_nothing() {
    for seed in 0..30 {
        let Instance { tables, settings, .. } = instance(seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut mixed = Tables::default();
        for table in tables.as_slice().iter().rev() {
            mixed.insert(shuffled(table, &mut rng));
        }
        same_plan(seed, &solved(&tables, &settings), &solved(&mixed, &settings));
    }
}

/// Both solutions have the same status, cost and tables; input rows that tables name may differ.
fn same_plan(seed: u64, one: &Solution, other: &Solution) {
    assert_eq!(one.outcome, other.outcome, "seed {seed}");
    for name in ["orders", "forecast", "projection", "costs"] {
        assert_eq!(one.tables.get(name), other.tables.get(name), "seed {seed}: {name}");
    }
}

fn shuffled(source: &Table, rng: &mut ChaCha8Rng) -> Table {
    let mut order: Vec<usize> = (0..source.len()).collect();
    order.shuffle(rng);
    let mut mixed = Table::new(source.name());
    for (name, column) in source.columns() {
        mixed.set(
            name.clone(),
            match column {
                Column::Text(text) => Column::Text(order.iter().map(|&row| text.get(row)).collect()),
                Column::Number(numbers) => Column::Number(order.iter().map(|&row| numbers[row]).collect()),
                Column::Date(days) => Column::Date(order.iter().map(|&row| days[row]).collect()),
                Column::Flag(flags) => Column::Flag(order.iter().map(|&row| flags[row]).collect()),
            },
        );
    }
    mixed
}

#[test]
fn the_unit_of_a_row_does_not_matter() {
    for seed in 0..30 {
        let Instance { tables, settings, .. } = instance(seed);
        same_plan(seed, &solved(&tables, &settings), &solved(&in_quarters(&tables), &settings));
    }
}

#[test]
fn a_second_solve_and_more_threads_give_the_same_plan() {
    for seed in 0..30 {
        let Instance { tables, settings, start } = instance(seed);
        let with = |threads: usize| {
            let control = Control::default().with_threads(threads);
            let options = SolveOptions { control, start: start.clone(), ..SolveOptions::default() };
            prepare(&tables, &settings).solve(&options).unwrap()
        };
        let first = with(1);
        same_plan(seed, &first, &with(1));
        same_plan(seed, &first, &with(2));
    }
}

/// A plan handed in as the one to stay close to stays where it is proved best.
#[test]
fn a_proved_plan_stays_when_it_is_handed_in_again() {
    let mut proved = 0;
    for seed in 0..40 {
        let Instance { tables, settings, .. } = instance(seed);
        let settings = settings.with("stability_penalty", 0.1);
        let prepared = prepare(&tables, &settings);
        let first = prepared.solve(&options()).unwrap();
        if first.outcome.termination != Termination::Optimal {
            continue;
        }
        proved += 1;
        let start = Some(Tables::default().with(orders(&first).clone()));
        let second = prepared.solve(&SolveOptions { start, ..options() }).unwrap();
        assert_eq!(order_lines(orders(&first)), order_lines(orders(&second)), "seed {seed}");
        assert!((objective(&first) - objective(&second)).abs() < 1e-6, "seed {seed}");
    }
    assert!(proved >= 10, "only {proved} plans are proved");
}

#[test]
fn an_accepted_plan_is_not_proposed_again() {
    // With a spread of lead times an accepted order has one due date, so what it covers changes.
    for feature in ["lost", "backorder"] {
        let (tables, settings) = random_instance(feature, 3);
        let first = solved(&tables, &settings);
        let accepted = first.tables.get("orders").unwrap();
        assert!(!accepted.is_empty());
        let columns = ["item", "location", "supplier", "order_date", "arrival_date", "quantity"];
        let text = format!("{}\n{}", columns.join(","), lines(accepted, &columns).join("\n"));
        let second = solved(&tables.clone().with(table("open_orders", &text)), &settings);
        let proposed = order_lines(second.tables.get("orders").unwrap());
        assert!(proposed.is_empty(), "{feature}: {proposed:?} after {text}");
    }
}
