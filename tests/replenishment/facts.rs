//! New facts: the orders that follow are those of a fresh run.

use std::time::Instant;

use purvey::data::{Table, Tables};
use purvey::decide::Event;

use super::invariants::random_instance;
use super::support::{options, order_lines, prepare, solved, table};

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
    let before = prepared.solve(&options()).unwrap();
    let unknown = table("sales", "item,location,date,quantity\nZ,L,2024-06-28,25");
    let faults = prepared.update(&Event { rows: unknown }).unwrap_err();
    assert!(faults.has_errors(), "{faults}");
    assert!(prepared.update(&Event { rows: Table::new("sails") }).is_err());
    let after = prepared.solve(&options()).unwrap();
    assert_eq!(before.tables.get("orders"), after.tables.get("orders"));
    assert_eq!(before.outcome, after.outcome);
}
