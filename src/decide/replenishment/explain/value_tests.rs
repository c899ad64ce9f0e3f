//! What one more unit of a limit is worth, against a second plan with one more unit.
//!
//! Quantities go in tenths and nothing costs to place, so that the linear
//! program is the whole problem; a unit more moves no demand level.
#![allow(clippy::unwrap_used)]

use super::tests::{problem, scenarios};
use super::*;

/// One item is bought, in steps of 0.1; stock of the other lasts.
const ITEMS: &str = "item,unit_cost,price,volume_m3,weight_kg,holding_cost,shortage_cost,decimals\n\
                     A,2,5,1,2,0.1,4,1\nB,2,5,1,2,0.1,4,1\n";
const SOURCING: (&str, &str) = ("sourcing", "item,supplier\nA,S\nB,T\n");
const STOCK: &str = "item,date,on_hand\nA,2024-01-29,0\nB,2024-01-29,900\n";

fn of(more: &[(&str, &str)], settings: &[(&str, &str)]) -> Problem {
    let own = [("items", ITEMS), ("stock", STOCK)];
    problem(&own.iter().chain(more).copied().collect::<Vec<_>>(), settings)
}

/// Demand is 50 a week, or 70.
fn explained(problem: &Problem) -> Explanation {
    explain(problem, &scenarios(problem, &[50.0, 70.0]), &Control::default().with_gap(1e-9)).unwrap()
}

fn cost(problem: &Problem) -> f64 {
    let scenarios = scenarios(problem, &[50.0, 70.0]);
    let answer = model::plan(problem, &scenarios, None, &Control::default().with_gap(1e-9)).unwrap();
    answer.outcome.objective.unwrap()
}

/// The worth of all limits called `name…` is what a plan with one more unit of them saves.
#[track_caller]
fn one_more_saves(name: &str, now: &Problem, more: &Problem) {
    let found = explained(now);
    let worth = found.binding.iter().filter(|limit| limit.name.starts_with(name));
    let worth: f64 = worth.map(|limit| limit.value_of_one_more).sum();
    let saved = cost(now) - cost(more);
    assert!(saved.abs() > 0.05, "{name}: a unit changes nothing, {saved}: {:?}", found.text);
    assert!((worth - saved).abs() < 1e-6, "{name}: {worth} is told, {saved} is saved: {:?}", found.text);
    assert!(!found.text[0].contains("multiples"), "{}", found.text[0]);
    assert!(found.text[0].contains("(integers fixed)"), "{}", found.text[0]);
}

#[test]
fn of_the_budget() {
    let with = |budget: &str| of(&[], &[("budget", budget), ("horizon", "2")]);
    one_more_saves("budget", &with("110"), &with("111"));
}

#[test]
fn of_a_suppliers_budget() {
    let suppliers = |budget: u32| format!("supplier,lead_time_days,budget\nS,7,{budget}\n");
    let with = |budget: u32| of(&[("suppliers", &suppliers(budget))], &[("horizon", "2")]);
    one_more_saves("budget with S", &with(110), &with(111));
}

#[test]
fn of_the_room() {
    let locations = |room: u32| format!("location,storage_m3\nmain,{room}\n");
    // B is too dear to be bought.
    let stock = ("stock", "item,date,on_hand\nA,2024-01-29,0\nB,2024-01-29,0\n");
    let sourcing = ("sourcing", "item,supplier,unit_price\nA,S,2\nB,S,90\n");
    let with = |room: u32| of(&[("locations", &locations(room)), stock, sourcing], &[("horizon", "2")]);
    one_more_saves("storage of main", &with(55), &with(56));
}

#[test]
fn of_a_capacity() {
    for (column, now, more) in
        [("capacity_units", 55, 56), ("capacity_m3", 55, 56), ("capacity_kg", 110, 111)]
    {
        let suppliers = |most: u32| format!("supplier,lead_time_days,{column}\nS,7,{most}\nT,7,\n");
        let with = |most: u32| of(&[SOURCING, ("suppliers", &suppliers(most))], &[]);
        one_more_saves("capacity of S", &with(now), &with(more));
    }
}

#[test]
fn of_an_order_minimum_of_which_one_more_unit_costs() {
    let suppliers = |least: u32| format!("supplier,lead_time_days,minimum_money\nS,7,{least}\nT,7,\n");
    let with = |least: u32| of(&[SOURCING, ("suppliers", &suppliers(least))], &[("horizon", "3")]);
    one_more_saves("order minimum of S", &with(320), &with(321));
    let found = explained(&with(320));
    assert!(found.binding[0].value_of_one_more < 0.0);
    assert!(found.text[1].contains("one EUR less saves €"), "{:?}", found.text);
}

#[test]
fn where_quantities_are_whole_it_is_said_that_multiples_are_left_out() {
    let whole = ("items", "item,unit_cost,price,holding_cost,shortage_cost\nA,2,5,0.1,4\nB,2,5,0.1,4\n");
    let found = explained(&of(&[whole], &[("budget", "330")]));
    assert!(found.text[0].contains("order multiples left out"), "{}", found.text[0]);
    let worths: Vec<f64> = found.binding.iter().map(|limit| limit.value_of_one_more).collect();
    assert!(worths.len() == 1 && (worths[0] - 0.975).abs() < 1e-9, "{worths:?}");
}

/// Limits come by worth, and those worth nothing do not come at all.
#[test]
fn limits_that_hold_nothing_back_are_left_out() {
    let suppliers = ("suppliers", "supplier,lead_time_days,capacity_units,minimum_money\nS,7,55,1\n");
    let found = explained(&of(&[suppliers], &[("budget", "5000")]));
    let worths: Vec<f64> = found.binding.iter().map(|limit| limit.value_of_one_more).collect();
    assert!(worths.len() == 3 && worths.is_sorted_by(|a, b| a >= b), "{:?}", found.text);
    assert!(found.binding.iter().all(|limit| limit.name.starts_with("capacity")), "{:?}", found.text);
}
