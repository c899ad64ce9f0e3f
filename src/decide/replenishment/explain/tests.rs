//! One colliding instance of each kind, with its exact set, and relaxations reckoned by hand.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::super::problem::Problem;
use super::super::problem::tests::tables;
use super::super::scenarios::{PairScenarios, Scenarios};
use super::*;
use crate::data::Settings;

/// Two items, each of one location and sold by S, planned on Monday 2024-01-29.
const PLAIN: &[(&str, &str)] = &[
    ("sales", "item,date,quantity\nA,2024-01-01,5\nA,2024-01-22,8\nB,2024-01-01,5\nB,2024-01-22,8\n"),
    (
        "items",
        "item,unit_cost,price,volume_m3,weight_kg,holding_cost,shortage_cost\nA,2,5,1,3,0.1,4\nB,2,5,1,3,0.1,4\n",
    ),
    ("stock", "item,date,on_hand\nA,2024-01-29,0\nB,2024-01-29,0\n"),
    ("suppliers", "supplier,lead_time_days\nS,7\n"),
];

pub(in super::super) fn problem(more: &[(&str, &str)], settings: &[(&str, &str)]) -> Problem {
    let mut texts: Vec<(&str, &str)> = PLAIN.to_vec();
    for (name, text) in more {
        texts.retain(|(other, _)| other != name);
        texts.push((name, text));
    }
    let settings = [("horizon", "4"), ("scenarios", "2")].iter().chain(settings);
    let settings = settings.fold(Settings::default(), |all, (name, value)| all.with(*name, value));
    Problem::read("test", tables(&texts), &settings).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Scenarios with the same demand in every bucket: one number a scenario, the same for all pairs.
pub(in super::super) fn scenarios(problem: &Problem, levels: &[f32]) -> Scenarios {
    let pairs = problem.pairs.iter().map(|pair| PairScenarios {
        demand: levels.iter().flat_map(|level| vec![*level; problem.horizon]).collect(),
        lead_time_days: pair
            .sources
            .iter()
            .flat_map(|source| vec![source.lead_time_days[0].0 as u16; levels.len()])
            .collect(),
        shortage_cost: 4.0,
        mean: vec![levels.iter().sum::<f32>() / levels.len() as f32; problem.horizon],
        ..PairScenarios::default()
    });
    Scenarios { count: levels.len(), horizon: problem.horizon, pairs: pairs.collect() }
}

/// The colliding rules, verified: together they collide, without any one of them nothing does.
pub(super) fn colliding(problem: &Problem) -> Vec<String> {
    let scenarios = scenarios(problem, &[5.0, 7.0]);
    let control = Control::default();
    let limits = Limits::new(problem, &scenarios, Locks::Whole, &control).unwrap();
    let (rules, irreducible) = limits.collision(&control).unwrap().unwrap();
    assert!(irreducible);
    for &rule in &rules {
        let mut without = problem.clone();
        drop_rule(&mut without, rule);
        // Only the limits of the set are left, but for the one that is dropped.
        let others: Vec<Rule> =
            limits.groups.keys().copied().filter(|other| !rules.contains(other)).collect();
        others.iter().for_each(|other| drop_rule(&mut without, *other));
        let found = collision(&without, &scenarios, &control).unwrap();
        assert!(found.is_none(), "{rule:?} is not needed: {:?}", found.map(|f| f.explanation(&without).text));
    }
    rules.iter().map(|rule| rule.name(problem)).collect()
}

fn drop_rule(problem: &mut Problem, rule: Rule) {
    match rule {
        Rule::Lock(pair, lock) => problem.pairs[pair].locks[lock].quantity = 0.0,
        Rule::Budget => problem.budget = None,
        Rule::SupplierBudget(at) => problem.suppliers[at].budget = None,
        Rule::CapacityUnits(at) => problem.suppliers[at].capacity_units = None,
        Rule::CapacityVolume(at) => problem.suppliers[at].capacity_m3 = None,
        Rule::CapacityWeight(at) => problem.suppliers[at].capacity_kg = None,
        Rule::MinimumMoney(at) => problem.suppliers[at].minimum_money = 0.0,
        Rule::MinimumVolume(at) => problem.suppliers[at].minimum_m3 = 0.0,
        Rule::Storage(at) => problem.locations[at].storage_m3 = None,
        Rule::Moq(pair, source) => problem.pairs[pair].sources[source].moq = 0.0,
        Rule::Multiple(pair, source) => problem.pairs[pair].sources[source].multiple = 1.0,
        Rule::OrderDays(at) => {
            let day = problem.plan_date;
            problem.order_calendars[at].dates.iter_mut().for_each(|date| {
                date.get_or_insert(day);
            });
        }
        Rule::Frozen => problem.frozen_horizon = 0,
        Rule::EndOfLife(at) => problem.items[at].end = None,
        Rule::Shares(pair) | Rule::OneSource(pair) => {
            // One source that sells all there is: neither rule says anything then.
            let shares: Vec<usize> = (0..problem.pairs[pair].sources.len()).collect();
            for at in shares {
                problem.pairs[pair].sources[at].share = Some(1.0);
                problem.pairs[pair].sources[at].moq = 0.0;
                problem.pairs[pair].sources[at].multiple = 1.0;
            }
            let all: f64 = problem.pairs[pair].locks.iter().map(|lock| lock.quantity).sum();
            problem.pairs[pair].sources[0].moq = 10.0 * all;
        }
    }
}

/// The problem with its limits moved by the cheapest relaxation, and the steps; no steps where
/// no collision is proved.
pub(in super::super) fn relaxed(
    problem: &Problem,
    scenarios: &Scenarios,
    control: &Control,
) -> Result<(Problem, Vec<Relaxation>), DecideError> {
    let found = collision(problem, scenarios, control)?;
    Ok(found.map_or_else(|| (problem.clone(), Vec::new()), |collision| collision.relaxed(problem)))
}

fn relaxations(problem: &Problem) -> Vec<(String, f64, f64)> {
    let scenarios = scenarios(problem, &[5.0, 7.0]);
    let (moved, steps) = relaxed(problem, &scenarios, &Control::default()).unwrap();
    assert!(collision(&moved, &scenarios, &Control::default()).unwrap().is_none());
    steps.into_iter().map(|step| (step.name, step.amount, step.cost)).collect()
}

const LOCK: (&str, &str) = ("locks", "item,supplier,order_date,quantity\nA,S,2024-02-05,240\n");
const LOCK_NAME: &str = "locked order of A@main on 5 Feb 2024";

#[test]
fn an_agreed_order_above_a_capacity() {
    for (column, value, name, size) in [
        ("capacity_units", 200.0, "units", 1.0),
        ("capacity_m3", 200.0, "m3", 1.0),
        ("capacity_kg", 600.0, "kg", 3.0),
    ] {
        let suppliers = format!("supplier,lead_time_days,{column}\nS,7,{value}\n");
        let problem = problem(&[LOCK, ("suppliers", &suppliers)], &[]);
        let capacity = format!("capacity of S in {name}");
        assert_eq!(colliding(&problem), [LOCK_NAME, &capacity]);
        // 40 units too many; a unit costs 2, so that a kg costs 2/3.
        let found = relaxations(&problem);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, capacity);
        assert!((found[0].1 - 40.0 * size).abs() < 1e-6 && (found[0].2 - 80.0).abs() < 1e-6, "{found:?}");
    }
}

#[test]
fn a_collision_is_told_with_rows_and_help() {
    let problem = problem(&[LOCK, ("suppliers", "supplier,lead_time_days,capacity_units\nS,7,200\n")], &[]);
    let told = explain(&problem, &scenarios(&problem, &[5.0, 7.0]), &Control::default()).unwrap();
    assert_eq!((told.status, told.irreducible), (Verdict::Infeasible, Some(true)));
    assert_eq!(
        told.text,
        [
            "test: no plan keeps all limits [infeasible]",
            "  the order of 240 A@main on 5 Feb 2024 with S is locked (locks.csv:2, quantity)",
            "  S takes at most 200 units a week (suppliers.csv:2, capacity_units)",
            "  help: raise the capacity of S in units by 40 units, to 240 units (giving way costs € 80)",
        ]
    );
    let lock = &told.members[0];
    assert_eq!((lock.side.as_str(), lock.file.as_deref(), lock.row), ("lower", Some("locks.csv"), Some(2)));
    assert_eq!((lock.kind.as_str(), lock.value), ("row", Some(240.0)));
}

#[test]
fn of_several_agreed_orders_only_those_that_are_too_many() {
    let locks = "item,supplier,order_date,quantity\nA,S,2024-02-05,10\nB,S,2024-02-05,300\n";
    let problem = problem(&[("locks", locks)], &[("budget", "599")]);
    assert_eq!(colliding(&problem), ["locked order of B@main on 5 Feb 2024", "budget"]);
    assert_eq!(relaxations(&problem), [("budget".to_owned(), 21.0, 21.0)]);
}

#[test]
fn agreed_orders_above_a_suppliers_budget() {
    let locks = "item,supplier,order_date,quantity\nA,S,2024-01-29,100\nB,S,2024-02-05,100\n";
    let suppliers = "supplier,lead_time_days,budget\nS,7,300\n";
    let problem = problem(&[("locks", locks), ("suppliers", suppliers)], &[]);
    let names =
        ["locked order of A@main on 29 Jan 2024", "locked order of B@main on 5 Feb 2024", "budget with S"];
    assert_eq!(colliding(&problem), names);
    assert_eq!(relaxations(&problem), [("budget with S".to_owned(), 100.0, 100.0)]);
}

const SMALL_LOCK: (&str, &str) = ("locks", "item,supplier,order_date,quantity\nA,S,2024-02-05,10\n");
const MINIMUM: (&str, &str) = ("suppliers", "supplier,lead_time_days,minimum_money\nS,7,100\n");
const MINIMUM_NAME: &str = "order minimum of S";

#[test]
fn an_agreed_line_opens_an_order_that_a_frozen_bucket_cannot_fill() {
    let problem = problem(&[SMALL_LOCK, MINIMUM], &[("frozen_horizon", "2")]);
    assert_eq!(colliding(&problem), [LOCK_NAME, MINIMUM_NAME, "frozen horizon"]);
    // The order is worth 20: 80 are missing, and dropping it would cost 2 x 2 x 10 = 40.
    assert_eq!(relaxations(&problem), [(LOCK_NAME.to_owned(), 10.0, 40.0)]);
    // Without the frozen horizon the other item fills the order.
    let open = self::problem(&[SMALL_LOCK, MINIMUM], &[]);
    assert!(collision(&open, &scenarios(&open, &[5.0, 7.0]), &Control::default()).unwrap().is_none());
}

#[test]
fn an_order_that_is_not_on_an_order_day_cannot_be_filled() {
    let suppliers = "supplier,lead_time_days,minimum_money,review_period\nS,7,30,2\n";
    let problem = problem(&[SMALL_LOCK, ("suppliers", suppliers)], &[]);
    assert_eq!(colliding(&problem), [LOCK_NAME, MINIMUM_NAME, "order days of main at S"]);
    assert_eq!(relaxations(&problem), [(MINIMUM_NAME.to_owned(), 10.0, 10.0)]);
}

#[test]
fn an_order_of_an_item_that_ends_cannot_fill() {
    let items = "item,unit_cost,price,end_date\nA,2,5,\nB,2,5,2024-02-05\n";
    let problem = problem(&[SMALL_LOCK, MINIMUM, ("items", items)], &[]);
    assert_eq!(colliding(&problem), [LOCK_NAME, MINIMUM_NAME, "end of life of B"]);
}

#[test]
fn a_minimum_above_a_capacity() {
    let suppliers = "supplier,lead_time_days,minimum_money,capacity_units\nS,7,100,40\n";
    let problem = problem(&[SMALL_LOCK, ("suppliers", suppliers)], &[]);
    assert_eq!(colliding(&problem), [LOCK_NAME, "capacity of S in units", MINIMUM_NAME]);
    // 40 units are worth 80: 20 of money are missing, or 10 units of room at 2 each.
    let cost: f64 = relaxations(&problem).iter().map(|step| step.2).sum();
    assert!((cost - 20.0).abs() < 1e-6);
}

#[test]
fn a_minimum_that_only_a_large_line_could_reach() {
    let suppliers = "supplier,lead_time_days,minimum_money,capacity_units\nS,7,60,50\n";
    for (column, name) in
        [("moq", "least quantity of B@main from S"), ("order_multiple", "order multiple of B@main from S")]
    {
        let sourcing = format!("item,supplier,{column}\nA,S,1\nB,S,60\n");
        let problem = problem(&[SMALL_LOCK, ("suppliers", suppliers), ("sourcing", &sourcing)], &[]);
        assert_eq!(colliding(&problem), [LOCK_NAME, "capacity of S in units", MINIMUM_NAME, name]);
    }
}

#[test]
fn a_volume_minimum_under_a_money_budget() {
    let suppliers = "supplier,lead_time_days,minimum_m3\nS,7,100\n";
    let problem = problem(&[SMALL_LOCK, ("suppliers", suppliers)], &[("budget", "150")]);
    assert_eq!(colliding(&problem), [LOCK_NAME, "budget", "order minimum of S in m3"]);
}

#[test]
fn two_suppliers_for_an_item_without_shares() {
    let suppliers = ("suppliers", "supplier,lead_time_days\nS,7\nT,7\n");
    let sourcing = ("sourcing", "item,supplier\nA,S\nA,T\nB,S\n");
    let locks = ("locks", "item,supplier,order_date,quantity\nA,S,2024-02-05,10\nA,T,2024-02-05,5\n");
    let problem = problem(&[suppliers, sourcing, locks], &[]);
    let scenarios = scenarios(&problem, &[5.0, 7.0]);
    let limits = Limits::new(&problem, &scenarios, Locks::Whole, &Control::default()).unwrap();
    let (rules, irreducible) = limits.collision(&Control::default()).unwrap().unwrap();
    assert_eq!((rules, irreducible), (vec![Rule::Lock(0, 0), Rule::Lock(0, 1), Rule::OneSource(0)], true));
    let (moved, steps) = relaxed(&problem, &scenarios, &Control::default()).unwrap();
    assert_eq!((steps.len(), steps[0].amount, steps[0].cost), (1, 5.0, 20.0));
    assert_eq!(moved.pairs[0].locks.len(), 1);
    assert_eq!(moved.pairs[0].locks[0].quantity, 10.0);
}

#[test]
fn shares_under_a_capacity_of_one_of_the_suppliers() {
    let suppliers = ("suppliers", "supplier,lead_time_days,capacity_units\nS,7,\nT,7,20\n");
    let sourcing = ("sourcing", "item,supplier,share\nA,S,0.5\nA,T,0.5\nB,S,\n");
    let locks = ("locks", "item,supplier,order_date,quantity\nA,S,2024-02-05,100\n");
    let problem = problem(&[suppliers, sourcing, locks], &[]);
    let scenarios = scenarios(&problem, &[5.0, 7.0]);
    let limits = Limits::new(&problem, &scenarios, Locks::Whole, &Control::default()).unwrap();
    let (rules, irreducible) = limits.collision(&Control::default()).unwrap().unwrap();
    assert_eq!((rules, irreducible), (vec![Rule::Lock(0, 0), Rule::CapacityUnits(1), Rule::Shares(0)], true));
    // Half and half within 1: the other half is at least 98, 78 above the capacity at 2 each.
    assert_eq!(relaxations(&problem), [("capacity of T in units".to_owned(), 78.0, 156.0)]);
}

#[test]
fn stock_beyond_the_room() {
    let stock = ("stock", "item,date,on_hand\nA,2024-01-29,100\nB,2024-01-29,0\n");
    let problem = problem(&[stock, ("locations", "location,storage_m3\nmain,60\n")], &[]);
    assert_eq!(colliding(&problem), ["storage of main"]);
    let told = explain(&problem, &scenarios(&problem, &[5.0, 7.0]), &Control::default()).unwrap();
    assert_eq!(
        told.text[1..],
        [
            "  main has room for 60 m3, but stock and deliveries take 100 m3 in the week of 29 Jan 2024 (locations.csv:2, storage_m3)",
            "  help: raise the storage of main by 40 m3, to 100 m3 (giving way costs € 80)",
        ]
    );
}

#[test]
fn an_agreed_order_beyond_the_room() {
    let stock = ("stock", "item,date,on_hand\nA,2024-01-29,30\nB,2024-01-29,0\n");
    let more = [
        stock,
        ("locations", "location,storage_m3\nmain,100\n"),
        ("locks", "item,supplier,order_date,quantity\nA,S,2024-01-29,90\n"),
    ];
    let problem = problem(&more, &[]);
    assert_eq!(colliding(&problem), ["locked order of A@main on 29 Jan 2024", "storage of main"]);
    // 30 on hand, 5 or 7 sold, 90 arrive: 114 in the mean, a unit of 1 m3 costs 2.
    let found = relaxations(&problem);
    assert!((found[0].1 - 14.0).abs() < 1e-3 && found[0].0 == "storage of main", "{found:?}");
}

#[test]
fn nothing_forced_is_nothing_to_collide() {
    let problem = problem(&[MINIMUM], &[("budget", "0")]);
    let scenarios = scenarios(&problem, &[5.0, 7.0]);
    assert!(Limits::new(&problem, &scenarios, Locks::Whole, &Control::default()).is_none());
    let told = explain(&problem, &scenarios, &Control::default()).unwrap();
    assert!(told.irreducible.is_none() && told.members.is_empty() && told.status != Verdict::Infeasible);
    let (same, steps) = relaxed(&problem, &scenarios, &Control::default()).unwrap();
    assert!(steps.is_empty() && same == problem);
}

mod reasons {
    use super::super::super::model::LimitUse;
    use super::super::super::plan::{OrderLine, Plan};
    use super::super::super::problem::Place;
    use super::super::super::reasons::reasons;
    use super::super::super::words::Unit;
    use super::*;

    /// The reasons of a plan of one item: lines of A by bucket and quantity.
    fn told(more: &[(&str, &str)], lines: &[(usize, f64)], limits: &[LimitUse]) -> Vec<String> {
        let problem = problem(more, &[]);
        let lines =
            lines.iter().map(|&(bucket, quantity)| OrderLine { pair: 0, source: 0, bucket, quantity });
        let plan = Plan::new(lines.collect());
        reasons(&problem, &scenarios(&problem, &[7.0, 7.0]), &plan, None, limits, &Control::default())
    }

    fn sourcing(columns: &str, values: &str) -> String {
        format!("item,supplier,{columns}\nA,S,{values}\nB,S,{}\n", ",".repeat(columns.matches(',').count()))
    }

    // Demand is 7 in each of 4 buckets and an order arrives a bucket later: what is ordered in
    // bucket 0 and serves all that is left is 21; bucket 0 itself cannot be served.

    #[test]
    fn a_line_without_rules_says_what_it_covers() {
        let found = told(&[], &[(0, 7.0), (1, 14.0)], &[]);
        assert_eq!(
            found,
            [
                "covers 1 week, to the arrival of the order of 5 Feb 2024 (demand of 7, 0 in stock)",
                "covers 2 weeks, to the end of the horizon (demand of 14, 0 in stock)"
            ]
        );
    }

    #[test]
    fn cases_round_up_and_down() {
        let cases = sourcing("order_multiple", "12");
        let found = told(&[("sourcing", &cases)], &[(0, 24.0)], &[]);
        assert_eq!(
            found,
            [
                "covers 3 weeks, to the end of the horizon (demand of 21, 0 in stock); rounded up from 21 to 2 cases of 12 = 24"
            ]
        );
        let cases = sourcing("order_multiple", "18");
        let found = told(&[("sourcing", &cases)], &[(0, 18.0)], &[]);
        assert_eq!(
            found,
            [
                "covers 3 weeks, to the end of the horizon (demand of 21, 0 in stock); rounded down from 21 to a case of 18"
            ]
        );
    }

    #[test]
    fn the_least_quantity_and_the_capacity_that_leave_one_choice_are_both_named() {
        let rules = sourcing("moq", "36");
        let found = told(&[("sourcing", &rules)], &[(0, 36.0)], &[]);
        assert_eq!(
            found,
            [
                "covers 3 weeks, to the end of the horizon (demand of 21, 0 in stock); raised from 21 to the least quantity 36"
            ]
        );
        let suppliers = "supplier,lead_time_days,capacity_units\nS,7,36\n";
        let found = told(&[("sourcing", &rules), ("suppliers", suppliers)], &[(0, 36.0)], &[]);
        assert_eq!(
            found,
            [
                "covers 3 weeks, to the end of the horizon (demand of 21, 0 in stock); raised from 21 to the least quantity 36; no more fits the capacity of S in units"
            ]
        );
    }

    #[test]
    fn a_price_is_reached() {
        let prices = "item,supplier,unit_price,min_quantity\nA,S,2,0\nA,S,1.5,30\nB,S,2,0\n";
        let found = told(&[("sourcing", prices)], &[(0, 30.0)], &[]);
        assert_eq!(
            found,
            [
                "covers 3 weeks, to the end of the horizon (demand of 21, 0 in stock); raised from 21 to reach the price of € 1.50 from 30 on (saves € 15)"
            ]
        );
    }

    #[test]
    fn an_order_minimum_raises_and_a_lock_stays() {
        let suppliers = "supplier,lead_time_days,minimum_money\nS,7,50\n";
        let found = told(&[("suppliers", suppliers)], &[(0, 25.0)], &[]);
        assert_eq!(
            found,
            [
                "covers 3 weeks, to the end of the horizon (demand of 21, 0 in stock); raised from 21 to 25 by the order minimum of S"
            ]
        );
        let locks = "item,supplier,order_date,quantity\nA,S,2024-01-29,9\n";
        assert_eq!(told(&[("locks", locks)], &[(0, 9.0)], &[]), ["locked (locks.csv:2)"]);
    }

    #[test]
    fn a_budget_and_a_capacity_that_cut_are_both_named() {
        let suppliers = "supplier,lead_time_days,capacity_units\nS,7,10\n";
        let budget = LimitUse {
            name: "budget".to_owned(),
            family: "budget",
            date: None,
            place: Place::default(),
            unit: Unit::Money,
            limit: 20.5,
            used: 18.0,
            value_of_one_more: 0.31,
        };
        let found = told(&[("suppliers", suppliers)], &[(0, 10.0)], &[budget]);
        assert_eq!(
            found,
            [
                "covers 3 weeks, to the end of the horizon (demand of 21, 0 in stock); cut from 21 to 10 by the capacity of S in units and the budget (one more EUR saves € 0.31)"
            ]
        );
    }

    #[test]
    fn an_earlier_plan_is_kept() {
        let problem = problem(&[], &[("stability_penalty", "9")]);
        let plan = Plan::new(vec![OrderLine { pair: 0, source: 0, bucket: 0, quantity: 17.0 }]);
        let scenarios = scenarios(&problem, &[7.0, 7.0]);
        let found = super::super::super::reasons::reasons(
            &problem,
            &scenarios,
            &plan,
            Some(&plan),
            &[],
            &Control::default(),
        );
        assert_eq!(
            found,
            [
                "covers 3 weeks, to the end of the horizon (demand of 21, 0 in stock); kept from the earlier plan, 21 without it"
            ]
        );
    }

    #[test]
    fn a_part_of_a_split_names_its_share_and_a_lock_beside_it() {
        let suppliers = ("suppliers", "supplier,lead_time_days\nS,7\nT,7\n");
        let sourcing = ("sourcing", "item,supplier,share\nA,S,0.25\nA,T,0.75\nB,S,\n");
        let locks = ("locks", "item,supplier,order_date,quantity\nA,T,2024-02-05,9\n");
        let problem = problem(&[suppliers, sourcing, locks], &[]);
        let line = |source, bucket, quantity| OrderLine { pair: 0, source, bucket, quantity };
        let plan = Plan::new(vec![line(0, 0, 3.0), line(1, 0, 9.0), line(0, 1, 3.0), line(1, 1, 9.0)]);
        let scenarios = scenarios(&problem, &[7.0, 7.0]);
        let found = reasons(&problem, &scenarios, &plan, None, &[], &Control::default());
        let first = "covers 1 week, to the arrival of the order of 5 Feb 2024 (demand of 7, 0 in stock)";
        let last = "covers 2 weeks, to the end of the horizon (demand of 14, 5 in stock)";
        assert_eq!(
            found,
            [
                format!("{first}; 25 % of 12, split with T"),
                format!("{first}; 75 % of 12, split with S"),
                format!("{last}; its share of 25 % beside the locked order with T (locks.csv:2)"),
                "locked (locks.csv:2)".to_owned(),
            ]
        );
    }
}
