//! After every kind of fact the state is that of a run that knew the fact from the start.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write;

use super::super::problem::tests::tables;
use super::*;
use crate::data::{Settings, Tables};
use crate::decide::{Prepared, Solution, SolveOptions};
use chrono::{Days, NaiveDate};

/// Texts of the tables of a small shop; facts are further lines of them.
#[derive(Clone)]
struct Shop(Vec<(&'static str, String)>);

impl Shop {
    /// Two dozen items at two locations, enough to learn from all of them together.
    fn new() -> Self {
        let plan = NaiveDate::from_ymd_opt(2024, 7, 1).unwrap();
        let mut sales = "item,location,date,quantity\n".to_owned();
        let mut stock = "item,location,date,on_hand\n".to_owned();
        let mut items = "item,category,unit_cost,price,shortage_cost,holding_rate\n".to_owned();
        let mut sourcing = "item,supplier,unit_price,min_quantity\n".to_owned();
        for item in 0..24_u64 {
            writeln!(items, "I{item:02},C{},{},9,2.5,0.3", item % 3, 2 + item % 4).unwrap();
            writeln!(sourcing, "I{item:02},{},{},", if item % 2 == 0 { "S" } else { "T" }, 2 + item % 4)
                .unwrap();
            for location in 0..2_u64 {
                writeln!(stock, "I{item:02},L{location},2024-07-01,{}", (item * 5 + location) % 9).unwrap();
                for week in 0..62_u64 {
                    // A third of the items sells now and then, and not in the last weeks.
                    let busy = item % 3 != 0 || (week % 4 == location && week < 58);
                    let quantity = (7 * item + 3 * week + 5 * location + week * week) % 11 + item % 5;
                    if busy {
                        let day = plan + Days::new(6) - Days::new(7 * (62 - week) + (week + item) % 5);
                        writeln!(sales, "I{item:02},L{location},{day},{quantity}").unwrap();
                    }
                }
            }
        }
        let suppliers = "supplier,lead_time_days,order_cost\nS,7,0\nT,14,0\n".to_owned();
        Shop(vec![
            ("sales", sales),
            ("items", items),
            ("stock", stock),
            ("suppliers", suppliers),
            ("sourcing", sourcing),
        ])
    }

    fn text(&mut self, table: &'static str) -> &mut String {
        if !self.0.iter().any(|(name, _)| *name == table) {
            self.0.push((table, String::new()));
        }
        self.0.iter_mut().find(|(name, _)| *name == table).map(|(_, text)| text).unwrap()
    }

    fn tables(&self) -> Tables {
        let texts: Vec<(&str, &str)> = self.0.iter().map(|(name, text)| (*name, text.as_str())).collect();
        tables(&texts)
    }

    /// Enough deliveries of all items together to learn from, and of none alone.
    fn with_receipts(mut self) -> Self {
        let mut text = "item,supplier,order_date,receipt_date,ordered,received\n".to_owned();
        for k in 0..16 {
            let (supplier, item) = (if k % 2 == 0 { "S" } else { "T" }, k % 6);
            writeln!(
                text,
                "I{item:02},{supplier},2024-05-{:02},2024-05-{:02},10,{}",
                k + 1,
                k + 9 + k % 3,
                9 + k % 2
            )
            .unwrap();
        }
        *self.text("receipts") = text;
        self
    }
}

fn settings(more: &[(&str, &str)]) -> Settings {
    let plain = Settings::default().with("plan_date", "2024-07-01").with("bucket", "week");
    let plain = plain.with("horizon", 6).with("scenarios", 8);
    more.iter().fold(plain, |all, (name, value)| all.with(*name, value))
}

fn prepared(shop: &Shop, settings: &Settings) -> Replenishing {
    let control = Control::default().with_threads(1);
    Replenishing::new("shop".to_owned(), shop.tables(), settings.clone(), &control)
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn solved(state: &Replenishing) -> Solution {
    let control = Control::default().with_threads(1).with_gap(1e-3);
    state.solve(&SolveOptions { control, ..SolveOptions::default() }).unwrap()
}

fn rows(table: &'static str, text: &str) -> Event {
    Event { rows: tables(&[(table, text)]).get(table).unwrap().clone() }
}

/// Panics with the first row in which two plans differ.
fn same_tables(one: &Solution, other: &Solution, fact: &str) {
    for name in ["orders", "forecast", "projection", "costs", "limits"] {
        let (a, b) = (one.tables.get(name).unwrap(), other.tables.get(name).unwrap());
        let row = |table: &Table, at: usize| -> Vec<String> {
            table.columns().iter().map(|(column, _)| table.cell_text(column, at)).collect()
        };
        for at in 0..a.len().max(b.len()) {
            assert_eq!(row(a, at), row(b, at), "{fact}: {name}, row {at}");
        }
    }
}

fn lines(table: &Table, of: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let cell = |column: &str, row| table.cell_text(column, row);
    (0..table.len())
        .filter(|&row| of(&cell("item", row), &cell("location", row)))
        .map(|row| {
            let columns = ["item", "location", "supplier", "order_date", "arrival_date", "quantity", "value"];
            columns.map(|column| cell(column, row)).join(",")
        })
        .collect()
}

/// A fact: its table, its header and row, and how it stands in the texts of a run that knew it.
struct Fact {
    table: &'static str,
    row: &'static str,
    /// The line that it takes the place of; none where it is a further one.
    replaces: Option<&'static str>,
}

const FACTS: [Fact; 6] = [
    Fact { table: "sales", row: "I04,L1,2024-06-27,9", replaces: None },
    Fact { table: "sourcing", row: "I04,S,1,12", replaces: None },
    Fact { table: "stock", row: "I05,L0,2024-07-01,2", replaces: Some("I05,L0,2024-07-01,7") },
    Fact { table: "items", row: "I06,C0,3,12,6,0.3", replaces: Some("I06,C0,4,9,2.5,0.3") },
    Fact { table: "open_orders", row: "I07,L0,T,2024-07-05,20", replaces: None },
    Fact { table: "receipts", row: "I02,S,2024-06-01,2024-06-29,10,4", replaces: None },
];

fn with_fact(shop: &Shop, fact: &Fact) -> (Shop, Event) {
    let mut after = shop.clone();
    let text = after.text(fact.table);
    let header = text.lines().next().unwrap().to_owned();
    match fact.replaces {
        Some(line) => {
            assert!(text.contains(&format!("{line}\n")), "{line}");
            *text = text.replace(&format!("{line}\n"), &format!("{}\n", fact.row));
        }
        None => writeln!(text, "{}", fact.row).unwrap(),
    }
    (after, rows(fact.table, &format!("{header}\n{}", fact.row)))
}

/// What is held against a fresh run.
#[derive(Clone, Copy, PartialEq)]
enum Compare {
    /// The orders told.
    Orders,
    /// The plan that follows.
    Plan,
    Both,
}

fn agree(fact: &Fact, told: &Update, (state, fresh): (&Replenishing, &Replenishing), compare: Compare) {
    let after = solved(fresh);
    if compare != Compare::Orders {
        let before = solved(state);
        same_tables(&before, &after, fact.row);
        assert_eq!(before.outcome, after.outcome, "{}", fact.row);
    }
    if compare != Compare::Plan {
        let (item, place) = fact.row.split_at(3);
        let named = |i: &str, l: &str| i == item && (!place.starts_with(",L") || place[1..].starts_with(l));
        let expected = lines(after.tables.get("orders").unwrap(), named);
        assert!(!expected.is_empty(), "{}", fact.row);
        assert_eq!(lines(&told.orders, named), expected, "{}", fact.row);
    }
}

fn every_fact(settings: &Settings, shop: &Shop, compare: Compare) {
    for fact in &FACTS {
        let mut shop = shop.clone();
        if fact.table == "open_orders" {
            *shop.text("open_orders") = "item,location,supplier,due_date,quantity\n".to_owned();
        }
        let (after, event) = with_fact(&shop, fact);
        let mut state = prepared(&shop, settings);
        if settings.values.contains_key("budget") {
            solved(&state);
        }
        let told = state.update(&event).unwrap_or_else(|faults| panic!("{}: {faults}", fact.row));
        agree(fact, &told, (&state, &prepared(&after, settings)), compare);
    }
}

#[test]
fn every_fact_gives_the_orders_of_a_fresh_run() {
    // Two dozen items at two places are learned from together.
    every_fact(&settings(&[]), &Shop::new().with_receipts(), Compare::Orders);
}

#[test]
fn every_fact_leads_to_the_plan_of_a_fresh_run() {
    every_fact(&settings(&[("method", "theta")]), &Shop::new().with_receipts(), Compare::Both);
}

#[test]
fn limits_that_do_not_bind_change_no_order() {
    every_fact(&settings(&[("budget", "1000000")]), &Shop::new().with_receipts(), Compare::Orders);
}

#[test]
fn under_binding_limits_the_next_plan_is_that_of_a_fresh_run() {
    let mut shop = Shop::new().with_receipts();
    *shop.text("suppliers") =
        "supplier,lead_time_days,order_cost,capacity_units\nS,7,5,900\nT,14,0,900\n".to_owned();
    every_fact(&settings(&[("budget", "3000"), ("method", "theta")]), &shop, Compare::Plan);
}

#[test]
fn under_a_binding_budget_orders_are_those_at_its_price() {
    let (shop, settings) = (Shop::new(), settings(&[("budget", "2000")]));
    let mut state = prepared(&shop, &settings);
    let free = state.update(&rows("stock", "item,location,date,on_hand\nI05,L0,2024-07-01,7")).unwrap();
    solved(&state);
    let held = state.update(&rows("stock", "item,location,date,on_hand\nI05,L0,2024-07-01,7")).unwrap();
    let value = |told: &Update| told.orders.number("value").unwrap().iter().sum::<f64>();
    assert!(value(&held) < value(&free), "{} {}", value(&held), value(&free));
}

#[test]
fn facts_that_come_one_by_one_add_up() {
    let shop = Shop::new().with_receipts();
    let settings = settings(&[("method", "theta")]);
    let mut state = prepared(&shop, &settings);
    let mut known = shop;
    // The same sale twice is two sales.
    for fact in FACTS.iter().filter(|fact| fact.table != "open_orders").chain([&FACTS[0]]) {
        let (after, event) = with_fact(&known, fact);
        state.update(&event).unwrap_or_else(|faults| panic!("{}: {faults}", fact.row));
        known = after;
    }
    let (one, other) = (solved(&state), solved(&prepared(&known, &settings)));
    same_tables(&one, &other, "");
}

#[test]
fn a_fact_that_changes_what_all_have_in_common_reads_everything_again() {
    let settings = settings(&[]);
    let base = Shop::new();
    for (table, row) in [
        // A stock point that was not there, and new terms of a supplier.
        ("stock", "I00,L2,2024-07-01,3"),
        ("suppliers", "T,21,0"),
    ] {
        let mut after = base.clone();
        let header = after.text(table).lines().next().unwrap().to_owned();
        if table == "suppliers" {
            *after.text(table) = format!("{header}\nS,7,0\n{row}\n");
        } else {
            writeln!(after.text(table), "{row}").unwrap();
        }
        let mut state = prepared(&base, &settings);
        state.update(&rows(table, &format!("{header}\n{row}"))).unwrap();
        let (one, other) = (solved(&state), solved(&prepared(&after, &settings)));
        same_tables(&one, &other, row);
    }
}

#[test]
fn a_successor_is_read_with_its_predecessor() {
    let mut shop = Shop::new();
    let items = shop.text("items").replace('\n', ",\n").replace("holding_rate,", "holding_rate,predecessor");
    *shop.text("items") = items.replace("I01,C1,3,9,2.5,0.3,", "I01,C1,3,9,2.5,0.3,I02");
    let settings = settings(&[("method", "theta")]);
    let (after, event) =
        with_fact(&shop, &Fact { table: "sales", row: "I02,L0,2024-06-28,40", replaces: None });
    let mut state = prepared(&shop, &settings);
    state.update(&event).unwrap();
    let (one, other) = (solved(&state), solved(&prepared(&after, &settings)));
    same_tables(&one, &other, "");
}

#[test]
fn a_faulty_fact_is_told_with_its_row_and_changes_nothing() {
    let shop = Shop::new();
    let mut state = prepared(&shop, &settings(&[]));
    let before = state.ledger.tables().clone();
    let mut event = rows("sales", "item,location,date,quantity\nI03,L1,2024-06-27,60");
    let next = state.ledger.next_row_number("sales");
    event.rows.set("date", crate::data::Column::Date(vec![Table::NO_DATE]));
    let told = state.update(&event).unwrap_err().to_string();
    assert!(told.contains(&format!(":{next}: date is blank")), "{told}");
    event.rows.set("quantity", crate::data::Column::Date(vec![0]));
    let told = state.update(&event).unwrap_err().to_string();
    assert!(told.contains("wrong-type"), "{told}");
    assert_eq!(state.ledger.tables(), &before);
}
