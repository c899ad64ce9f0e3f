//! The decision `replenishment` through the library: rules, invariants, new facts.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use purvey::control::Control;
use purvey::data::schema::{Kind, Schema};
use purvey::data::{Column, Settings, Table, Tables, TextColumn, day_number};
use purvey::decide::{self, CheckReport, Event, Input, Prepared, Solution, SolveOptions};
use purvey::solution::SolutionStatus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn schema() -> Schema {
    Schema::parse(decide::find("replenishment").unwrap().schema()).unwrap()
}

/// A table of the contract from its text: blanks and types as a file would give them.
fn table(name: &str, text: &str) -> Table {
    let schema = schema();
    let columns = schema.tables.iter().find(|table| table.name == name).map(|table| &table.columns);
    let columns = columns.unwrap_or_else(|| {
        &schema.outputs.iter().find(|output| output.name == name).unwrap_or_else(|| panic!("{name}")).columns
    });
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let titles = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let mut table = Table::new(name);
    for (at, title) in titles.into_iter().enumerate() {
        let kind =
            columns.iter().find(|column| column.name == title).unwrap_or_else(|| panic!("{title}")).kind;
        let cells = || rows.iter().map(|row| row[at]);
        let column = match kind {
            Kind::Number | Kind::Integer => Column::Number(
                cells().map(|cell| if cell.is_empty() { f64::NAN } else { cell.parse().unwrap() }).collect(),
            ),
            Kind::Date => {
                Column::Date(cells().map(|cell| cell.parse().map_or(Table::NO_DATE, day_number)).collect())
            }
            Kind::Flag => Column::Flag(cells().map(|cell| u8::from(cell == "yes")).collect()),
            _ => Column::Text(cells().collect::<TextColumn>()),
        };
        table.set(title, column);
    }
    table
}

/// The text of some columns of a table, one line a row.
fn lines(table: &Table, columns: &[&str]) -> Vec<String> {
    let row = |at| columns.iter().map(|name| table.cell_text(name, at)).collect::<Vec<_>>().join(",");
    (0..table.len()).map(row).collect()
}

const LINE: [&str; 5] = ["item", "location", "supplier", "order_date", "quantity"];

fn order_lines(table: &Table) -> Vec<String> {
    lines(table, &LINE)
}

fn settings() -> Settings {
    Settings::default()
        .with("plan_date", "2024-07-01")
        .with("bucket", "week")
        .with("horizon", 6)
        .with("method", "ets")
        .with("scenarios", 12)
        .with("safety_factor", "1")
}

fn prepare(tables: &Tables, settings: &Settings) -> Box<dyn Prepared> {
    let input = Input::Tables { name: "t".to_owned(), tables: tables.clone(), settings: settings.clone() };
    let decision = decide::find("replenishment").unwrap();
    decision.prepare(input, &Control::default().with_threads(1)).unwrap_or_else(|faults| panic!("{faults}"))
}

fn solved(tables: &Tables, settings: &Settings) -> Solution {
    let options = SolveOptions { control: Control::default().with_threads(1), ..SolveOptions::default() };
    prepare(tables, settings).solve(&options).unwrap()
}

fn objective(solution: &Solution) -> f64 {
    solution.outcome.objective.unwrap()
}

/// Sales of each item at L on the Mondays of the weeks before the plan date.
fn sales(items: &[&str], weeks: u64, quantity: impl Fn(usize, u64) -> u64) -> Table {
    let plan = NaiveDate::from_ymd_opt(2024, 7, 1).unwrap();
    let mut text = "item,location,date,quantity".to_owned();
    for (index, item) in items.iter().enumerate() {
        for week in 0..weeks {
            let day = plan.checked_sub_days(Days::new(7 * (weeks - week))).unwrap();
            write!(text, "\n{item},L,{day},{}", quantity(index, week)).unwrap();
        }
    }
    table("sales", &text)
}

// ------------------------------------------------------------------------------------------ rules

/// A small problem with `changes` in place of its tables.
fn rule_tables(changes: &[&str]) -> Tables {
    let base = [
        "items\nitem,unit_cost,price,volume_m3,weight_kg,end_date\nA,2,5,0.5,2,",
        "stock\nitem,location,date,on_hand\nA,L,2024-07-01,2",
        "suppliers\nsupplier,lead_time_days\nS,7\nT,7",
        "sourcing\nitem,supplier\nA,S\nA,T",
    ];
    let mut tables = Tables::default().with(sales(&["A"], 12, |_, _| 1));
    for text in base.iter().chain(changes) {
        let (name, rows) = text.split_once('\n').unwrap();
        tables.insert(table(name, rows));
    }
    tables
}

fn checked(tables: &Tables, settings: &Settings, plan: &str) -> CheckReport {
    let rows: String = plan.split_whitespace().map(|row| format!("\nA,L,{row}")).collect();
    let orders = table("orders", &format!("item,location,supplier,order_date,quantity{rows}"));
    prepare(tables, settings).check(&Tables::default().with(orders)).unwrap()
}

#[track_caller]
fn breaks(rule: &str, changes: &[&str], setting: Option<(&str, f64)>, bad: &str, good: &str) {
    let tables = rule_tables(changes);
    let settings = setting.map_or_else(settings, |(name, value)| settings().with(name, value));
    let found = checked(&tables, &settings, bad);
    let rules: BTreeSet<&str> = found.violations.iter().map(|violation| violation.rule.as_str()).collect();
    assert_eq!(rules, BTreeSet::from([rule]), "{found:?}");
    assert!(!found.feasible && found.violations.iter().all(|violation| violation.amount > 0.0), "{found:?}");
    assert!(schema().constraints.iter().any(|constraint| constraint.name == rule), "{rule}");
    let sound = checked(&tables, &settings, good);
    assert!(sound.feasible && sound.violations.is_empty(), "{rule}: {sound:?}");
}

#[test]
fn money_rules_are_broken_and_kept() {
    breaks("budget", &[], Some(("budget", 10.0)), "S,2024-07-01,6", "S,2024-07-01,5");
    let supplier = "suppliers\nsupplier,lead_time_days,budget\nS,7,10\nT,7,";
    breaks(
        "supplier_budget",
        &[supplier],
        None,
        "S,2024-07-01,3 S,2024-07-08,3",
        "S,2024-07-01,3 S,2024-07-08,2",
    );
    let least = "suppliers\nsupplier,lead_time_days,minimum_money\nS,7,12\nT,7,";
    breaks("order_minimum", &[least], None, "S,2024-07-01,5", "S,2024-07-01,6");
    let volume = "suppliers\nsupplier,lead_time_days,minimum_m3\nS,7,3\nT,7,";
    breaks("order_minimum", &[volume], None, "S,2024-07-01,5", "S,2024-07-01,6");
}

#[test]
fn room_rules_are_broken_and_kept() {
    for capacity in ["capacity_units\nS,7,5", "capacity_m3\nS,7,2.5", "capacity_kg\nS,7,10"] {
        let supplier = format!("suppliers\nsupplier,lead_time_days,{capacity}\nT,7,");
        breaks("supplier_capacity", &[&supplier], None, "S,2024-07-01,6", "S,2024-07-01,5 S,2024-07-08,5");
    }
    let store = "locations\nlocation,storage_m3\nL,4";
    breaks("storage", &[store], None, "S,2024-07-01,20", "S,2024-07-01,4");
}

#[test]
fn line_rules_are_broken_and_kept() {
    let least = "sourcing\nitem,supplier,moq\nA,S,5\nA,T,";
    breaks("moq", &[least], None, "S,2024-07-01,4", "S,2024-07-01,5");
    let cases = "sourcing\nitem,supplier,order_multiple\nA,S,3\nA,T,";
    breaks("order_multiple", &[cases], None, "S,2024-07-01,4", "S,2024-07-01,6");
    let shares = "sourcing\nitem,supplier,share\nA,S,0.5\nA,T,0.5";
    breaks("shares", &[shares], None, "S,2024-07-01,10", "S,2024-07-01,5 T,2024-07-01,5");
    breaks("shares", &[], None, "S,2024-07-01,3 T,2024-07-08,3", "S,2024-07-01,3 S,2024-07-08,3");
}

#[test]
fn date_rules_are_broken_and_kept() {
    let supplier = "suppliers\nsupplier,lead_time_days,review_period\nS,7,2\nT,7,";
    breaks("order_days", &[supplier], None, "S,2024-07-08,3", "S,2024-07-15,3");
    breaks("frozen_horizon", &[], Some(("frozen_horizon", 1.0)), "S,2024-07-01,3", "S,2024-07-08,3");
    let ends = "items\nitem,unit_cost,price,volume_m3,weight_kg,end_date\nA,2,5,0.5,2,2024-07-14";
    breaks("life_cycle", &[ends], None, "S,2024-07-08,3", "S,2024-07-01,3");
    let lock = "locks\nitem,location,supplier,order_date,quantity\nA,L,S,2024-07-08,5";
    breaks("locks", &[lock], None, "S,2024-07-08,4", "S,2024-07-08,5");
    breaks("locks", &[lock], None, "S,2024-07-01,4", "S,2024-07-08,5 S,2024-07-15,1");
}

#[test]
fn a_plan_is_priced_by_hand() {
    let tables = rule_tables(&[
        "items\nitem,unit_cost,holding_cost,shortage_cost,waste_cost\nA,2,0.1,3,0",
        "suppliers\nsupplier,lead_time_days,order_cost\nS,7,4\nT,7,",
        "sourcing\nitem,supplier,line_cost,unit_price,min_quantity\nA,S,1,2.5,\nA,S,,2.25,4\nA,T,,2,",
    ]);
    // Sales of one a week for ever: demand is one in every scenario. Stock 2, order of 3 on the first
    // Monday, usable from the second week: 1, 3, 2, 1, 0, 0 at the ends, one unit short in the last.
    let report = checked(&tables, &settings().with("method", "naive"), "S,2024-07-01,3");
    let by_hand = 0.1 * (1.0 + 3.0 + 2.0 + 1.0) + 3.0 + (4.0 + 1.0) + 3.0 * (2.5 - 2.0);
    assert!((report.objective.unwrap() - by_hand).abs() < 1e-9, "{report:?} {by_hand}");
    let cheaper = checked(&tables, &settings().with("method", "naive"), "S,2024-07-01,4");
    let by_hand = 0.1 * (1.0 + 4.0 + 3.0 + 2.0 + 1.0) + (4.0 + 1.0) + 4.0 * (2.25 - 2.0);
    assert!((cheaper.objective.unwrap() - by_hand).abs() < 1e-9, "{cheaper:?} {by_hand}");
}

// ------------------------------------------------------------------------------------------ random instances

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
fn random_instance(feature: &str, seed: u64) -> (Tables, Settings) {
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
            let control = Control::default().with_threads(1);
            let solution = prepared.solve(&SolveOptions { control, ..SolveOptions::default() }).unwrap();
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

#[test]
fn more_budget_never_costs_more() {
    for seed in 0..3 {
        let (tables, settings) = random_instance("lost", seed);
        let mut before = f64::INFINITY;
        for budget in [0.0, 60.0, 120.0, 240.0, 480.0, 5000.0] {
            let cost = objective(&solved(&tables, &settings.clone().with("budget", budget)));
            assert!(
                cost <= before + 1e-6 * before.abs().min(1e12),
                "seed {seed}, {budget}: {cost} after {before}"
            );
            before = cost;
        }
    }
}

#[test]
fn the_order_of_rows_changes_nothing() {
    for feature in ["lost", "budget", "shares", "price_breaks"] {
        let (tables, settings) = random_instance(feature, 7);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut mixed = Tables::default();
        for table in tables.as_slice().iter().rev() {
            mixed.insert(shuffled(table, &mut rng));
        }
        let (one, other) = (solved(&tables, &settings), solved(&mixed, &settings));
        assert_eq!(objective(&one), objective(&other), "{feature}");
        for name in ["orders", "forecast", "projection", "costs"] {
            assert_eq!(one.tables.get(name), other.tables.get(name), "{feature}: {name}");
        }
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
    let items = "items\nitem,unit_cost,price\nA,2,5";
    let pieces = rule_tables(&[
        items,
        "sourcing\nitem,supplier,order_multiple,moq,unit_price,min_quantity\nA,S,6,12,2,\nA,S,,,1.75,36",
        "stock\nitem,location,date,on_hand\nA,L,2024-07-01,12",
        "open_orders\nitem,location,supplier,due_date,quantity\nA,L,S,2024-07-08,18",
    ])
    .with(sales(&["A"], 12, |_, week| 6 * (1 + week % 4)));
    let mut cases = rule_tables(&[
        items,
        "units\nitem,unit,factor\nA,case,6\nA,layer,36",
        "sourcing\nitem,supplier,order_multiple,multiple_unit,moq,moq_unit,unit_price,price_unit,min_quantity,quantity_unit\n\
         A,S,1,case,2,case,12,case,,\nA,S,,,,,63,layer,1,layer",
        "stock\nitem,location,date,on_hand,unit\nA,L,2024-07-01,2,case",
        "open_orders\nitem,location,supplier,due_date,quantity,unit\nA,L,S,2024-07-08,3,case",
    ]);
    let sold = sales(&["A"], 12, |_, week| 1 + week % 4);
    cases.insert(sold.with_text("unit", vec!["case"; 12]));
    let (one, other) = (solved(&pieces, &settings()), solved(&cases, &settings()));
    assert!(!one.tables.get("orders").unwrap().is_empty());
    assert_eq!(
        order_lines(one.tables.get("orders").unwrap()),
        order_lines(other.tables.get("orders").unwrap())
    );
    assert!((objective(&one) - objective(&other)).abs() < 1e-9);
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

// ------------------------------------------------------------------------------------------ new facts

#[test]
fn one_new_sale_gives_the_orders_of_a_fresh_run() {
    let (tables, settings) = random_instance("perishable", 1);
    let mut prepared = prepare(&tables, &settings);
    let row = table("sales", "item,location,date,quantity\nB,L,2024-06-28,25");
    let begun = Instant::now();
    let update = prepared.update(&Event { rows: row.clone() }).unwrap();
    println!("one new sale: {:.2} ms", 1e3 * begun.elapsed().as_secs_f64());
    let old = tables.get("sales").unwrap().with_rows(&row);
    let fresh = solved(&without_order_cost(&tables).with(old), &settings);
    let mut old = prepare(&without_order_cost(&tables), &settings);
    let told = old.update(&Event { rows: row }).unwrap();
    let of_b =
        |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with("B,")).collect::<Vec<_>>();
    let expected = of_b(order_lines(fresh.tables.get("orders").unwrap()));
    assert!(!expected.is_empty());
    assert_eq!(order_lines(&told.orders), expected);
    assert!(order_lines(&update.orders).iter().all(|line| line.starts_with("B,")));
}

/// The same tables without what ties stock points together.
fn without_order_cost(tables: &Tables) -> Tables {
    tables.clone().with(table("suppliers", "supplier,lead_time_days\nS,7\nT,7"))
}

#[test]
fn a_faulty_fact_changes_nothing() {
    let (tables, settings) = random_instance("lost", 2);
    let mut prepared = prepare(&tables, &settings);
    let options = SolveOptions { control: Control::default().with_threads(1), ..SolveOptions::default() };
    let before = prepared.solve(&options).unwrap();
    let unknown = table("sales", "item,location,date,quantity\nZ,L,2024-06-28,25");
    let faults = prepared.update(&Event { rows: unknown }).unwrap_err();
    assert!(faults.has_errors(), "{faults}");
    assert!(prepared.update(&Event { rows: Table::new("sails") }).is_err());
    let after = prepared.solve(&options).unwrap();
    assert_eq!(before.tables.get("orders"), after.tables.get("orders"));
    assert_eq!(before.outcome, after.outcome);
}
