//! Every family of limits that can collide, in an instance of its own: the set that is told is
//! exact, with file and row, and the plan that gives way breaks the limits that gave way alone.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::super::check::check;
use super::super::problem::CONTRACT;
use super::tests::{colliding, problem, relaxed, scenarios};
use super::*;
use crate::data::Schema;

/// Families that never collide: to order nothing keeps them, whatever else is asked.
const NEVER: [&str; 2] = ["price_breaks", "shelf_life"];

/// An instance with the members of its one irreducible set: family, file and row.
struct Case {
    tables: Vec<(&'static str, &'static str)>,
    settings: &'static [(&'static str, &'static str)],
    members: Vec<(&'static str, &'static str, Option<u64>)>,
}

const LOCK: (&str, &str) = ("locks", "item,supplier,order_date,quantity\nA,S,2024-02-05,10\n");
const LOCKED: (&str, &str, Option<u64>) = ("locks", "locks.csv", Some(2));
const SUPPLIER: (&str, Option<u64>) = ("suppliers.csv", Some(2));

fn at(
    family: &'static str,
    (file, row): (&'static str, Option<u64>),
) -> (&'static str, &'static str, Option<u64>) {
    (family, file, row)
}

/// A locked order, and whatever of these tables, settings and further members there is.
fn case(
    tables: &[(&'static str, &'static str)],
    settings: &'static [(&'static str, &'static str)],
    members: &[(&'static str, &'static str, Option<u64>)],
) -> Case {
    let tables = [LOCK].iter().chain(tables).copied().collect();
    Case { tables, settings, members: [LOCKED].iter().chain(members).copied().collect() }
}

fn cases() -> Vec<Case> {
    let suppliers = |text| ("suppliers", text);
    let minimum = suppliers("supplier,lead_time_days,minimum_money\nS,7,100\n");
    let budget = ("budget", "settings.budget", None);
    let frozen = ("frozen_horizon", "settings.frozen_horizon", None);
    let of_minimum = at("order_minimum", SUPPLIER);
    let of_capacity = at("supplier_capacity", SUPPLIER);
    let half = ("sourcing", "item,supplier,share\nA,S,0.5\nA,T,0.5\nB,S,\n");
    vec![
        case(&[], &[("budget", "15")], &[budget]),
        case(&[minimum], &[("budget", "50")], &[budget, of_minimum]),
        case(
            &[suppliers("supplier,lead_time_days,budget\nS,7,15\n")],
            &[],
            &[at("supplier_budget", SUPPLIER)],
        ),
        case(&[suppliers("supplier,lead_time_days,capacity_units\nS,7,6\n")], &[], &[of_capacity]),
        case(&[suppliers("supplier,lead_time_days,capacity_m3\nS,7,6\n")], &[], &[of_capacity]),
        case(&[suppliers("supplier,lead_time_days,capacity_kg\nS,7,15\n")], &[], &[of_capacity]),
        case(
            &[suppliers("supplier,lead_time_days,minimum_m3,capacity_units\nS,7,100,40\n")],
            &[],
            &[of_capacity, of_minimum],
        ),
        case(&[minimum], &[("frozen_horizon", "2")], &[of_minimum, frozen]),
        case(
            &[minimum, ("calendar", "date,until,kind,supplier\n2024-02-05,2024-02-11,closure,S\n")],
            &[],
            &[of_minimum, at("order_days", SUPPLIER)],
        ),
        case(
            &[minimum, ("items", "item,unit_cost,price,end_date\nA,2,5,\nB,2,5,2024-02-05\n")],
            &[],
            &[of_minimum, ("life_cycle", "items.csv", Some(3))],
        ),
        // B alone can fill the order, in 60 or more, and there is room for 50.
        case(
            &[
                minimum,
                ("sourcing", "item,supplier,moq\nA,S,\nB,S,60\n"),
                ("locations", "location,storage_m3\nmain,50\n"),
            ],
            &[],
            &[of_minimum, ("storage", "locations.csv", Some(2)), ("moq", "sourcing.csv", Some(3))],
        ),
        case(
            &[
                suppliers("supplier,lead_time_days,minimum_money,capacity_units\nS,7,60,50\n"),
                ("sourcing", "item,supplier,order_multiple\nA,S,\nB,S,60\n"),
            ],
            &[],
            &[of_capacity, of_minimum, ("order_multiple", "sourcing.csv", Some(3))],
        ),
        case(
            &[half, suppliers("supplier,lead_time_days,capacity_units\nS,7,\nT,7,2\n")],
            &[],
            &[("supplier_capacity", "suppliers.csv", Some(3)), ("shares", "sourcing.csv", Some(3))],
        ),
    ]
}

/// Family of a limit, by what it is called.
fn family(name: &str) -> &'static str {
    let known = [
        ("locked order", "locks"),
        ("budget with", "supplier_budget"),
        ("budget", "budget"),
        ("capacity of", "supplier_capacity"),
        ("order minimum", "order_minimum"),
        ("storage", "storage"),
        ("least quantity", "moq"),
        ("order multiple", "order_multiple"),
        ("order days", "order_days"),
        ("frozen horizon", "frozen_horizon"),
        ("end of life", "life_cycle"),
        ("shares", "shares"),
        ("one supplier", "shares"),
    ];
    known.iter().find(|(start, _)| name.starts_with(start)).map_or("", |(_, family)| family)
}

#[test]
fn the_set_is_exact_and_told_with_file_and_row() {
    for case in cases() {
        let problem = problem(&case.tables, case.settings);
        let told = explain(&problem, &scenarios(&problem, &[5.0, 7.0]), &Control::default()).unwrap();
        let mut found: Vec<(&str, &str, Option<u64>)> = told
            .members
            .iter()
            .map(|member| (family(&member.name), member.file.as_deref().unwrap_or(""), member.row))
            .collect();
        let mut expected = case.members.clone();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{:?}", told.text);
        assert_eq!(told.irreducible, Some(true));
        // Without any one member the others are kept by some plan.
        assert_eq!(colliding(&problem).len(), expected.len());
    }
}

#[test]
fn the_plan_that_gives_way_breaks_what_gave_way_and_nothing_else() {
    let control = Control::default();
    for case in cases() {
        let problem = problem(&case.tables, case.settings);
        let scenarios = scenarios(&problem, &[5.0, 7.0]);
        let (moved, steps) = relaxed(&problem, &scenarios, &control).unwrap();
        let answer = plan(&moved, &scenarios, None, &control).unwrap();
        assert_ne!(answer.outcome.solution_status, SolutionStatus::None, "{:?}", case.members);
        let after = check(&moved, &scenarios, &answer.plan, None, &control).violations;
        assert!(after.is_empty(), "{:?}: {after:?}", case.members);
        let before = check(&problem, &scenarios, &answer.plan, None, &control).violations;
        let broken: BTreeSet<&str> = before.iter().map(|violation| violation.rule.as_str()).collect();
        let gave_way: BTreeSet<&str> = steps.iter().map(|step| family(&step.name)).collect();
        assert_eq!(broken, gave_way, "{before:?} {steps:?}");
        let members: BTreeSet<&str> = case.members.iter().map(|(family, ..)| *family).collect();
        assert!(gave_way.is_subset(&members), "{steps:?}");
    }
}

#[test]
fn every_family_of_the_contract_has_an_instance() {
    let told: BTreeSet<String> =
        cases().iter().flat_map(|case| &case.members).map(|(family, ..)| (*family).to_owned()).collect();
    let all: BTreeSet<String> = told.into_iter().chain(NEVER.map(str::to_owned)).collect();
    let contract = Schema::parse(CONTRACT).unwrap();
    let stated: BTreeSet<String> = contract.constraints.into_iter().map(|term| term.name).collect();
    assert_eq!(all, stated);
}
