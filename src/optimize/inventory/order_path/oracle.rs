//! Brute force and second implementations for tests of the order plan.

#![allow(clippy::unwrap_used, clippy::panic)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// A plain scenario-by-scenario simulation, lot by lot, for comparison.
fn simulated_cost(problem: &PathProblem, orders: &[f64]) -> f64 {
    let mut total = 0.0;
    for scenario in 0..problem.scenarios {
        // Lots as (last period of use, units), oldest first.
        let never = usize::MAX;
        let life = problem.shelf_life;
        let last = |arrival: usize| life.map_or(never, |life| arrival + life - 1);
        let mut lots: Vec<(usize, f64)> = Vec::new();
        let mut fresh = problem.initial_stock.max(0.0);
        if life.is_some() {
            for lot in &problem.initial_lots {
                lots.push((lot.last_period, lot.quantity));
                fresh -= lot.quantity;
            }
        }
        lots.push((last(0), fresh));
        let mut backlog = (-problem.initial_stock).max(0.0);
        for period in 0..problem.periods {
            let mut arrivals = problem.inflow[period];
            for (placed, &quantity) in orders.iter().enumerate() {
                if problem.arrival_of(scenario, placed) == Some(period) {
                    arrivals += quantity * problem.yield_factor;
                }
            }
            lots.push((last(period), arrivals));
            lots.sort_by_key(|lot| lot.0);
            let mut wanted = backlog + problem.demand[scenario * problem.periods + period];
            for lot in &mut lots {
                let used = lot.1.min(wanted);
                lot.1 -= used;
                wanted -= used;
            }
            let stock: f64 = lots.iter().map(|lot| lot.1).sum();
            total += problem.holding_cost[period] * stock + problem.shortage_cost[period] * wanted;
            backlog = if problem.lost_sales { 0.0 } else { wanted };
            let expired: f64 = lots.iter().filter(|lot| lot.0 == period).map(|lot| lot.1).sum();
            total += problem.waste_cost * expired;
            lots.retain(|lot| lot.0 != period);
        }
    }
    total /= problem.scenarios as f64;
    for (period, &quantity) in orders.iter().enumerate() {
        if quantity > 0.0 {
            total += problem.fixed_cost[period] + quantity * problem.unit_cost.unit_cost(period, quantity);
        }
    }
    total
}

/// Least cost over all order vectors with at most `most` steps a period.
fn brute_force(problem: &PathProblem, most: usize) -> (f64, Vec<f64>) {
    let stages: Vec<usize> = (0..problem.periods)
        .filter(|&period| problem.is_open(period) && problem.locked[period].is_none())
        .collect();
    let mut orders: Vec<f64> = problem.locked.iter().map(|locked| locked.unwrap_or(0.0)).collect();
    let mut best = (f64::INFINITY, orders.clone());
    for code in 0..(most + 1).pow(stages.len() as u32) {
        let mut rest = code;
        let mut allowed = true;
        for &period in &stages {
            let quantity = (rest % (most + 1)) as f64 * problem.multiple;
            rest /= most + 1;
            allowed &= quantity == 0.0 || quantity >= problem.moq - 1e-9;
            allowed &= problem.max_order.is_none_or(|max| quantity <= max + 1e-9);
            orders[period] = quantity;
        }
        if allowed {
            let cost = simulated_cost(problem, &orders);
            if cost < best.0 {
                best = (cost, orders.clone());
            }
        }
    }
    best
}

/// A small random problem that uses every feature now and then.
fn random_problem(rng: &mut ChaCha8Rng, lost_sales: bool, shelf_life: bool) -> PathProblem {
    let periods = rng.random_range(1..=4);
    let scenarios = rng.random_range(1..=5);
    let whole = rng.random_bool(0.5);
    let demand = (0..periods * scenarios)
        .map(|_| if whole { f64::from(rng.random_range(0..4)) } else { rng.random_range(0.0..3.0) })
        .collect();
    let mut problem = PathProblem::new(periods, scenarios, demand);
    problem.initial_stock = f64::from(rng.random_range(-1..=2));
    problem.multiple = [1.0, 1.0, 2.0, 1.5][rng.random_range(0..4)];
    problem.moq = f64::from(rng.random_range(0..=3));
    problem.lost_sales = lost_sales;
    problem.yield_factor = if rng.random_bool(0.3) { 0.8 } else { 1.0 };
    problem.max_order = rng.random_bool(0.2).then_some(4.5);
    for period in 0..periods {
        problem.holding_cost[period] = rng.random_range(0.1..1.5);
        problem.shortage_cost[period] = rng.random_range(1.0..6.0);
        if rng.random_bool(0.6) {
            problem.fixed_cost[period] = rng.random_range(0.0..4.0);
        }
        if rng.random_bool(0.2) {
            problem.inflow[period] = 1.0;
        }
        if rng.random_bool(0.15) {
            problem.locked[period] = Some(f64::from(rng.random_range(0..3)));
        }
    }
    problem.unit_cost = random_prices(rng, periods);
    problem.arrival = random_arrival(rng, periods, scenarios);
    if shelf_life {
        problem.shelf_life = Some(rng.random_range(1..=3));
        problem.waste_cost = rng.random_range(0.0..3.0);
        if problem.initial_stock >= 1.0 && rng.random_bool(0.5) {
            problem.initial_lots.push(ExpiringLot { last_period: rng.random_range(0..3), quantity: 1.0 });
        }
    }
    problem
}

fn random_prices(rng: &mut ChaCha8Rng, periods: usize) -> PriceList {
    let breaks = rng.random_range(1..=3);
    let falling = rng.random_bool(0.7);
    PriceList::from_periods((0..periods).map(|_| {
        let mut unit_cost: f64 = rng.random_range(0.5..2.0);
        (0..breaks)
            .map(|index| {
                unit_cost *= if falling { rng.random_range(0.7..1.0) } else { rng.random_range(0.7..1.5) };
                PriceBreak { min_quantity: f64::from(index) * 2.0, unit_cost }
            })
            .collect::<Vec<_>>()
    }))
}

fn random_arrival(rng: &mut ChaCha8Rng, periods: usize, scenarios: usize) -> Arrival {
    if rng.random_bool(0.5) {
        let lead = rng.random_range(0..=1);
        let closed = rng.random_range(0..8);
        return Arrival::Common(
            (0..periods)
                .map(|period| (period != closed && period + lead < periods).then_some(period + lead))
                .collect(),
        );
    }
    let mut arrival = Vec::new();
    for _ in 0..scenarios {
        let mut latest = 0;
        for period in 0..periods {
            latest = latest.max(period + rng.random_range(0..=2));
            arrival.push((latest < periods).then_some(latest));
        }
    }
    Arrival::PerScenario(arrival)
}

fn solve(problem: &PathProblem) -> PathSolution {
    let options = PathOptions { max_rounds: 200, ..PathOptions::default() };
    solve_path(problem, &options, &mut Workspace::default()).unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-8 * (1.0 + a.abs().max(b.abs()))
}

#[test]
fn evaluation_equals_a_plain_simulation() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for case in 0..2000 {
        let problem = random_problem(&mut rng, case % 2 == 0, case % 3 == 0);
        let orders: Vec<f64> = (0..problem.periods)
            .map(|period| if problem.is_open(period) { f64::from(rng.random_range(0..5)) } else { 0.0 })
            .collect();
        let (fast, plain) =
            (evaluate(&problem, &orders).unwrap().cost.total(), simulated_cost(&problem, &orders));
        assert!(near(fast, plain), "case {case}: {fast} {plain} {problem:?} {orders:?}");
    }
}

#[test]
fn backorders_equal_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for case in 0..1500 {
        let problem = random_problem(&mut rng, false, false);
        let (best, orders) = brute_force(&problem, 10);
        let plan = solve(&problem);
        let cost = plan.cost.total();
        assert!(near(cost, best), "case {case}: {cost} {best} {orders:?} {:?} {problem:?}", plan.orders);
        assert!(plan.exact && near(cost, plan.bound), "case {case}: {plan:?}");
        assert!(near(cost, simulated_cost(&problem, &plan.orders)));
    }
}

/// Bound below, cost above the optimum, always; the optimum found almost always.
#[test]
fn lost_sales_stay_between_bound_and_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (mut found, mut proved) = (0, 0);
    for case in 0..1000 {
        let problem = random_problem(&mut rng, true, false);
        let (best, orders) = brute_force(&problem, 9);
        let plan = solve(&problem);
        let cost = plan.cost.total();
        assert!(plan.bound <= best + 1e-8 * (1.0 + best), "case {case}: {plan:?} {best} {problem:?}");
        assert!(cost >= best - 1e-8 * (1.0 + best), "case {case}: {plan:?} {best} {orders:?} {problem:?}");
        found += usize::from(near(cost, best));
        proved += usize::from(plan.exact);
        // Saving a unit for a later, dearer shortage: the one case without a proof.
        let saves = (1..problem.periods).any(|period| {
            problem.shortage_cost[period]
                > problem.shortage_cost[period - 1] + problem.holding_cost[period - 1]
        });
        assert!(plan.exact || saves, "case {case}: {plan:?} {best} {orders:?} {problem:?}");
        assert!(!plan.exact || cost - best <= 1e-6 * best.abs(), "case {case}: {plan:?} {best}");
    }
    assert!(found >= 980, "only {found} optima found");
    assert!(proved >= 500, "only {proved} optima proved");
}

#[test]
fn expiring_stock_stays_between_bound_and_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut found = 0;
    for case in 0..800 {
        let problem = random_problem(&mut rng, case % 2 == 0, true);
        let (best, orders) = brute_force(&problem, 9);
        let plan = solve(&problem);
        let cost = plan.cost.total();
        assert!(plan.bound <= best + 1e-8 * (1.0 + best), "case {case}: {plan:?} {best} {problem:?}");
        assert!(cost >= best - 1e-8 * (1.0 + best), "case {case}: {plan:?} {best} {orders:?} {problem:?}");
        found += usize::from(near(cost, best));
    }
    assert!(found >= 760, "only {found} optima found");
}

/// Where a shortage costs the same in every period the bound is near the optimum: what it
/// leaves out is holding cost.
#[test]
fn expiring_stock_with_one_shortage_cost_is_bounded_closely() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut found, mut proved, mut distance, mut total) = (0, 0, 0.0, 0.0);
    for case in 0..600 {
        let mut problem = random_problem(&mut rng, true, true);
        let shortage = rng.random_range(1.0..6.0);
        problem.shortage_cost.fill(shortage);
        problem.holding_cost.iter_mut().for_each(|cost| *cost *= 0.05);
        let life = problem.shelf_life.unwrap_or(1);
        problem.initial_lots.iter_mut().for_each(|lot| lot.last_period = lot.last_period.min(life - 1));
        let (best, orders) = brute_force(&problem, 9);
        let plan = solve(&problem);
        let cost = plan.cost.total();
        assert!(plan.bound <= best + 1e-8 * (1.0 + best), "case {case}: {plan:?} {best} {problem:?}");
        assert!(cost >= best - 1e-8 * (1.0 + best), "case {case}: {plan:?} {best} {orders:?} {problem:?}");
        found += usize::from(near(cost, best));
        proved += usize::from(plan.exact);
        distance += best - plan.bound;
        total += best;
    }
    assert!(found >= 595, "only {found} optima found");
    assert!(proved >= 500, "only {proved} optima proved");
    assert!(distance <= 0.01 * total, "bounds lie {distance} below {total}");
}
