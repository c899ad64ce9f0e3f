//! Every rule of the contract, broken by a plan that breaks nothing else.

use std::collections::BTreeSet;

use super::generate::instance;
use super::support::{checked, order_lines, plan_of, prepare, quick, rule_tables, schema, settings};

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
    // Five units reach the lower price, four do not.
    let steps = "sourcing\nitem,supplier,unit_price,min_quantity\nA,S,2.6,\nA,S,2,5\nA,T,2,";
    breaks("budget", &[steps], Some(("budget", 10.0)), "S,2024-07-01,4", "S,2024-07-01,5");
    let supplier = "suppliers\nsupplier,lead_time_days,budget\nS,7,10\nT,7,";
    let (bad, good) = ("S,2024-07-01,3 S,2024-07-08,3", "S,2024-07-01,3 S,2024-07-08,2");
    breaks("supplier_budget", &[supplier], None, bad, good);
    for least in ["minimum_money\nS,7,12", "minimum_m3\nS,7,3"] {
        let supplier = format!("suppliers\nsupplier,lead_time_days,{least}\nT,7,");
        breaks("order_minimum", &[&supplier], None, "S,2024-07-01,5", "S,2024-07-01,6");
        // Each order must reach it, however large the others are.
        let (bad, good) = ("S,2024-07-01,9 S,2024-07-08,3", "S,2024-07-01,9 S,2024-07-08,6");
        breaks("order_minimum", &[&supplier], None, bad, good);
    }
}

#[test]
fn room_rules_are_broken_and_kept() {
    for capacity in ["capacity_units\nS,7,5", "capacity_m3\nS,7,2.5", "capacity_kg\nS,7,10"] {
        let supplier = format!("suppliers\nsupplier,lead_time_days,{capacity}\nT,7,");
        breaks("supplier_capacity", &[&supplier], None, "S,2024-07-01,6", "S,2024-07-01,5 S,2024-07-08,5");
    }
    // Two units on hand; one is sold before four more arrive, two before five.
    let store = "locations\nlocation,storage_m3\nL,2.5";
    breaks("storage", &[store], None, "S,2024-07-01,5", "S,2024-07-01,4");
    breaks("storage", &[store], None, "S,2024-07-01,4 S,2024-07-08,2", "S,2024-07-08,5");
}

#[test]
fn line_rules_are_broken_and_kept() {
    let least = "sourcing\nitem,supplier,moq\nA,S,5\nA,T,";
    breaks("moq", &[least], None, "S,2024-07-01,4", "S,2024-07-01,5");
    let cases = "sourcing\nitem,supplier,order_multiple\nA,S,3\nA,T,";
    breaks("order_multiple", &[cases], None, "S,2024-07-01,4", "S,2024-07-01,6");
    breaks("order_multiple", &[], None, "S,2024-07-01,2.5", "S,2024-07-01,3");
    let decimals = "items\nitem,unit_cost,price,decimals\nA,2,5,1";
    breaks("order_multiple", &[decimals], None, "S,2024-07-01,2.55", "S,2024-07-01,2.5");
    let shares = "sourcing\nitem,supplier,share\nA,S,0.5\nA,T,0.5";
    breaks("shares", &[shares], None, "S,2024-07-01,10", "S,2024-07-01,5 T,2024-07-01,5");
    breaks("shares", &[shares], None, "S,2024-07-01,5 T,2024-07-08,5", "S,2024-07-01,5 T,2024-07-01,5");
    breaks("shares", &[], None, "S,2024-07-01,3 T,2024-07-08,3", "S,2024-07-01,3 S,2024-07-08,3");
}

#[test]
fn date_rules_are_broken_and_kept() {
    let supplier = "suppliers\nsupplier,lead_time_days,review_period\nS,7,2\nT,7,";
    breaks("order_days", &[supplier], None, "S,2024-07-08,3", "S,2024-07-15,3");
    let closure = "calendar\ndate,until,kind,supplier\n2024-07-08,2024-07-14,closure,S";
    breaks("order_days", &[closure], None, "S,2024-07-08,3", "S,2024-07-15,3");
    breaks("frozen_horizon", &[], Some(("frozen_horizon", 1.0)), "S,2024-07-01,3", "S,2024-07-08,3");
    let ends = "items\nitem,unit_cost,price,volume_m3,weight_kg,end_date\nA,2,5,0.5,2,2024-07-14";
    breaks("life_cycle", &[ends], None, "S,2024-07-08,3", "S,2024-07-01,3");
    let lock = "locks\nitem,location,supplier,order_date,quantity\nA,L,S,2024-07-08,5";
    breaks("locks", &[lock], None, "S,2024-07-08,4", "S,2024-07-08,5");
    breaks("locks", &[lock], None, "S,2024-07-01,4", "S,2024-07-08,5 S,2024-07-15,1");
    let none = "locks\nitem,location,supplier,order_date,quantity\nA,L,S,2024-07-08,0";
    breaks("locks", &[none], None, "S,2024-07-08,4", "S,2024-07-01,4");
}

/// The tests above and the two rules that only say what a plan costs are all families of the contract.
#[test]
fn every_family_of_the_contract_has_a_test() {
    let source = include_str!("rules.rs");
    let tested: BTreeSet<&str> =
        source.split("breaks(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let priced = ["price_breaks", "shelf_life"];
    let families: BTreeSet<&str> = schema()
        .constraints
        .iter()
        .map(|family| family.name.as_str())
        .filter(|f| !priced.contains(f))
        .collect();
    assert_eq!(tested.into_iter().filter(|rule| !rule.contains('\\')).collect::<BTreeSet<_>>(), families);
}

/// A plan of the program's own with one line changed breaks the rule of that line.
#[test]
fn a_changed_line_of_an_own_plan_is_found() {
    let (mut free, mut locked) = (0, 0);
    for seed in 0..60 {
        let instance = instance(seed);
        let prepared = prepare(&instance.tables, &instance.settings);
        let solution = prepared.solve(&quick()).unwrap();
        let Some(table) = solution.tables.get("orders") else { continue };
        let plan = order_lines(table);
        assert!(prepared.check(&plan_of(&plan)).unwrap().feasible, "seed {seed}");
        for (at, line) in plan.iter().enumerate() {
            let mut changed = plan.clone();
            let (start, quantity) = line.rsplit_once(',').unwrap();
            changed[at] = format!("{start},{}", quantity.parse::<f64>().unwrap() + 0.05);
            let found = prepared.check(&plan_of(&changed)).unwrap();
            let breaks = |rule: &str| found.violations.iter().any(|broken| broken.rule == rule);
            assert!(breaks("order_multiple") || breaks("locks"), "seed {seed}: {line} {found:?}");
            if breaks("locks") {
                changed.remove(at);
                let found = prepared.check(&plan_of(&changed)).unwrap();
                assert!(found.violations.iter().any(|broken| broken.rule == "locks"), "seed {seed}: {line}");
                locked += 1;
            } else {
                free += 1;
            }
        }
    }
    assert!(free > 100 && locked > 3, "{free} {locked}");
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
