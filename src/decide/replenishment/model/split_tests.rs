//! Split orders against every plan that there is, and beside locks.
#![allow(clippy::unwrap_used)]

use super::super::check::{Checked, check};
use super::super::explain::tests::{problem, scenarios};
use super::super::plan::{OrderLine, Plan};
use super::super::problem::Problem;
use super::super::scenarios::Scenarios;
use super::*;

const SUPPLIERS: (&str, &str) = ("suppliers", "supplier,lead_time_days\nS,7\nT,21\n");

fn checked(problem: &Problem, scenarios: &Scenarios, plan: &Plan) -> Checked {
    check(problem, scenarios, plan, None, &Control::default())
}

fn planned(problem: &Problem, scenarios: &Scenarios) -> Answer {
    plan(problem, scenarios, None, &Control::default().with_gap(1e-6)).unwrap()
}

/// Lines of A with the totals of the first buckets, split by these shares.
fn split(totals: [u32; 4], shares: [f64; 2]) -> Plan {
    let lines = totals.iter().enumerate().flat_map(|(bucket, total)| {
        let part = move |source: usize| OrderLine {
            pair: 0,
            source,
            bucket,
            quantity: f64::from(*total) * shares[source],
        };
        [part(0), part(1)]
    });
    Plan::new(lines.filter(|line| line.quantity > 0.0).collect())
}

/// Each source delivers its part with its own lead time: the plan is the best of all plans, the
/// model's objective is the checker's cost, and the bound holds.
#[test]
fn parts_arrive_with_their_own_lead_times() {
    let sourcing = ("sourcing", "item,supplier,share\nA,S,0.5\nA,T,0.5\nB,S,\n");
    for item in ["lost", "backorder"] {
        let items = format!(
            "item,unit_cost,price,holding_cost,shortage_cost,unmet_demand\nA,2,5,0.5,4,{item}\nB,2,5,0.1,4,lost\n"
        );
        let stock = ("stock", "item,date,on_hand\nA,2024-01-29,2\nB,2024-01-29,99\n");
        let more = [SUPPLIERS, sourcing, ("items", items.as_str()), stock];
        let problem = problem(&more, &[("horizon", "5")]);
        let scenarios = scenarios(&problem, &[2.0, 5.0]);
        let answer = planned(&problem, &scenarios);
        let best = checked(&problem, &scenarios, &answer.plan);
        assert!(best.violations.is_empty(), "{:?}", best.violations);
        let objective = answer.outcome.objective.unwrap();
        assert!((objective - best.cost.total()).abs() < 1e-9, "{objective} {:?}", best.cost);
        let mut least = f64::INFINITY;
        for code in 0..11_u32.pow(4) {
            let totals = [0, 1, 2, 3].map(|at| code / 11_u32.pow(at) % 11 * 2);
            let tried = checked(&problem, &scenarios, &split(totals, [0.5, 0.5]));
            least = least.min(tried.cost.total());
        }
        assert!((objective - least).abs() < 1e-9, "{item}: {objective} is not the least, {least}");
        assert!(answer.outcome.bound.unwrap() <= least + 1e-9);
    }
}

/// Under a shared budget the model's objective is the checker's cost as well.
#[test]
fn split_orders_are_charged_to_shared_limits_part_by_part() {
    let sourcing =
        ("sourcing", "item,supplier,share,order_multiple,unit_price\nA,S,0.3,1,2\nA,T,0.7,4,1.5\nB,S,,1,2\n");
    let problem = problem(&[SUPPLIERS, sourcing], &[("budget", "40"), ("horizon", "6")]);
    let scenarios = scenarios(&problem, &[3.0, 6.0]);
    let answer = planned(&problem, &scenarios);
    let found = checked(&problem, &scenarios, &answer.plan);
    assert!(found.violations.is_empty(), "{:?}", found.violations);
    let objective = answer.outcome.objective.unwrap();
    assert!((objective - found.cost.total()).abs() < 1e-9, "{objective} {:?}", found.cost);
    assert!(answer.outcome.bound.unwrap() <= objective + 1e-9);
    let spent = answer.limits.iter().find(|limit| limit.family == "budget").unwrap().used;
    let value: f64 =
        answer.plan.lines.iter().map(|line| super::super::check::line_value(&problem, line)).sum();
    assert!((spent - value).abs() < 1e-9, "{spent} {value}");
}

/// A lock on one source brings the other sources' parts with it.
#[test]
fn a_lock_on_one_source_of_a_split_keeps_the_shares() {
    for (sourcing, lock, expected) in [
        ("A,S,0.5,1\nA,T,0.5,1\n", "S,2024-02-05,7", [7.0, 7.0]),
        ("A,S,0.25,1\nA,T,0.75,6\n", "S,2024-02-05,7", [7.0, 18.0]),
        ("A,S,0.25,1\nA,T,0.75,6\n", "T,2024-02-05,30", [10.0, 30.0]),
    ] {
        let sourcing = format!("item,supplier,share,order_multiple\n{sourcing}B,S,,\n");
        let locks = format!("item,supplier,order_date,quantity\nA,{lock}\n");
        let more = [SUPPLIERS, ("sourcing", sourcing.as_str()), ("locks", locks.as_str())];
        let problem = problem(&more, &[]);
        let scenarios = scenarios(&problem, &[5.0, 7.0]);
        let answer = planned(&problem, &scenarios);
        let found = checked(&problem, &scenarios, &answer.plan);
        assert!(found.violations.is_empty(), "{lock}: {:?}", found.violations);
        assert!((answer.outcome.objective.unwrap() - found.cost.total()).abs() < 1e-9);
        // Sources are ranked by price, then by lead time: S before T.
        let of = |source: usize| -> f64 {
            let lines = answer.plan.of_pair(0).iter();
            lines.filter(|line| (line.bucket, line.source) == (1, source)).map(|line| line.quantity).sum()
        };
        assert_eq!([of(0), of(1)], expected, "{lock}");
    }
}

/// Parts that arrive together: the bound is one of every plan that keeps the shares, those with
/// totals between whole shares among them.
#[test]
fn the_bound_of_a_split_that_arrives_together_holds_between_whole_shares() {
    let suppliers = ("suppliers", "supplier,lead_time_days\nS,7\nT,7\n");
    let sourcing = ("sourcing", "item,supplier,share\nA,S,0.5\nA,T,0.5\nB,S,\n");
    let stock = ("stock", "item,date,on_hand\nA,2024-01-29,0\nB,2024-01-29,99\n");
    let problem = problem(&[suppliers, sourcing, stock], &[("horizon", "2")]);
    let scenarios = scenarios(&problem, &[5.0, 5.0]);
    let answer = planned(&problem, &scenarios);
    let odd =
        [(0, 2.0), (1, 3.0)].map(|(source, quantity)| OrderLine { pair: 0, source, bucket: 0, quantity });
    let odd = checked(&problem, &scenarios, &Plan::new(odd.to_vec()));
    assert!(odd.violations.is_empty() && odd.cost.total() < answer.outcome.objective.unwrap());
    assert!(answer.outcome.bound.unwrap() <= odd.cost.total() + 1e-9);
}
