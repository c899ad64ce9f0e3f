//! What expires, priced by hand: the rule of `docs/replenishment.md` in numbers.

use super::support::{checked, objective, order_lines, orders, rule_tables, settings, solved};
use purvey::data::{Settings, Tables};

/// One unit is asked for every week, for certain; a unit held costs 0.1, lost 3, thrown away 5.
fn fresh(life: &str, stock: &str) -> (Tables, Settings) {
    let items = format!(
        "items\nitem,unit_cost,holding_cost,shortage_cost,waste_cost,shelf_life_days\nA,2,0.1,3,5,{life}"
    );
    let stock = format!("stock\nitem,location,date,on_hand,expiry\n{stock}");
    (rule_tables(&[&items, &stock]), settings().with("method", "naive"))
}

#[track_caller]
fn costs(life: &str, stock: &str, plan: &str, by_hand: f64) {
    let (tables, settings) = fresh(life, stock);
    let found = checked(&tables, &settings, plan).objective.unwrap();
    assert!((found - by_hand).abs() < 1e-9, "{life} {stock} {plan}: {found} instead of {by_hand}");
    // The solver judges its own plan by the same rule: it fails where the checker disagrees.
    let solution = solved(&tables, &settings);
    assert!(solution.checks.feasible && objective(&solution) <= by_hand + 1e-9, "{:?}", solution.outcome);
}

#[test]
fn stock_without_a_date_is_as_fresh_as_an_arrival() {
    // Two weeks: 9 and 8 are left, the 8 go at the end of the second week; then four weeks without.
    costs("14", "A,L,2024-07-01,10,", "", 0.1 * (9.0 + 8.0) + 5.0 * 8.0 + 3.0 * 4.0);
    // What keeps longer than the horizon is never thrown away.
    costs("70", "A,L,2024-07-01,10,", "", 0.1 * (9.0 + 8.0 + 7.0 + 6.0 + 5.0 + 4.0));
    costs("", "A,L,2024-07-01,10,", "", 0.1 * (9.0 + 8.0 + 7.0 + 6.0 + 5.0 + 4.0));
}

#[test]
fn a_lot_is_sold_up_to_the_last_week_that_it_covers_whole() {
    // Sellable up to Sunday: through that week. Up to Saturday: not in it, but in the first week always.
    costs("28", "A,L,2024-07-01,3,2024-07-14", "", 0.1 * (2.0 + 1.0) + 5.0 + 3.0 * 4.0);
    costs("28", "A,L,2024-07-01,3,2024-07-13", "", 0.1 * 2.0 + 5.0 * 2.0 + 3.0 * 5.0);
    costs("28", "A,L,2024-07-01,3,2024-07-02", "", 0.1 * 2.0 + 5.0 * 2.0 + 3.0 * 5.0);
}

#[test]
fn the_first_to_expire_is_sold_first() {
    // The dated two serve the first two weeks, the fresh two the next two.
    costs("28", "A,L,2024-07-01,2,2024-07-14\nA,L,2024-07-01,2,", "", 0.1 * (3.0 + 2.0 + 1.0) + 3.0 * 2.0);
    // An order of the first Monday arrives in the second week and is good for two: the old lot goes first.
    costs(
        "14",
        "A,L,2024-07-01,2,2024-07-14",
        "S,2024-07-01,3",
        0.1 * (1.0 + 3.0 + 2.0) + 5.0 * 2.0 + 3.0 * 3.0,
    );
}

#[test]
fn a_lot_with_a_date_of_an_item_that_keeps_expires_alone() {
    costs(
        "",
        "A,L,2024-07-01,3,2024-07-07\nA,L,2024-07-01,2,",
        "",
        0.1 * (4.0 + 1.0) + 5.0 * 2.0 + 3.0 * 3.0,
    );
}

#[test]
fn what_is_owed_is_taken_from_the_lot_that_expires_first() {
    let items = "items\nitem,unit_cost,holding_cost,shortage_cost,waste_cost,shelf_life_days,unmet_demand\nA,2,0.1,3,5,28,backorder";
    let stock = "stock\nitem,location,date,on_hand,expiry\nA,L,2024-07-01,3,2024-07-07\nA,L,2024-07-01,2,2024-07-21\nA,L,2024-07-01,-2,";
    let tables = rule_tables(&[items, stock]);
    let found = checked(&tables, &settings().with("method", "naive"), "").objective.unwrap();
    // 1 and 2 are left: the 1 is sold at once, the 2 in the two weeks that follow; then 1, 2 and 3 wait.
    let by_hand = 0.1 * (2.0 + 1.0) + 3.0 * (1.0 + 2.0 + 3.0);
    assert!((found - by_hand).abs() < 1e-9, "{found} instead of {by_hand}");
}

#[test]
fn a_plan_does_not_buy_what_it_throws_away() {
    let (tables, settings) = fresh("14", "A,L,2024-07-01,10,");
    let solution = solved(&tables, &settings);
    let told = order_lines(orders(&solution));
    let quantity: f64 =
        told.iter().map(|line| line.rsplit(',').next().unwrap().parse::<f64>().unwrap()).sum();
    assert!((quantity - 4.0).abs() < 1e-9, "the last four weeks only: {told:?}");
    assert!((objective(&solution) - (0.1 * (9.0 + 8.0) + 5.0 * 8.0)).abs() < 0.5, "{:?}", solution.outcome);
}
