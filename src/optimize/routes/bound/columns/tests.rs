#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stderr)]

use super::super::super::solution::Solution;
use super::super::super::tests::least;
use super::super::super::tests::random::{CLASSES, random_problem};
use super::super::super::{Route, RouteOptions, evaluate, search};
use super::super::quick;
use super::*;

fn plan_of(network: &Network<'_>, solution: &Solution, cost: f64) -> Plan {
    let visits = |route: &Route| route.visits().map(|visit| network.node_of[visit]).collect();
    let routes = solution.routes.iter().map(|route| (network.kind_of[route.vehicle], visits(route)));
    Plan { routes: routes.collect(), cost }
}

#[test]
fn it_is_never_above_the_least_cost_and_mostly_at_it() {
    let (mut all, mut tight, mut better) = (0, 0, 0);
    for class in CLASSES {
        for seed in 0..12 {
            let problem = random_problem(class, seed, 6);
            let least = least(&problem);
            if least.is_infinite() {
                continue;
            }
            let network = Network::new(&problem, 10, &Control::default());
            // Knowing no plan, it must not lean on one.
            let none = Plan { routes: Vec::new(), cost: f64::INFINITY };
            let bound = strong(&network, &none, 10_000_000, &Control::default()).unwrap();
            assert!(bound <= least + 1e-6, "{class:?} {seed}: {bound} above {least}");
            all += 1;
            tight += usize::from(bound > least * (1.0 - 1e-6));
            better += usize::from(bound > quick(&network, &Control::default()).unwrap());
        }
    }
    assert!(all > 180 && tight * 2 > all && better * 20 > all * 19, "{all}: {tight} at it, {better} better");
}

#[test]
fn it_holds_wherever_the_budget_ends_and_does_not_fall() {
    let problem = random_problem(CLASSES[1], 3, 40);
    let network = Network::new(&problem, 10, &Control::default());
    let plan = search(&problem, &RouteOptions::default(), &Control::default().with_work(8_000)).unwrap();
    let cost = evaluate(&problem, &plan.solution).cost.total();
    let plan = plan_of(&network, &plan.solution, cost);
    let bounds: Vec<f64> = [1_000, 30_000, 100_000, 300_000, 1_000_000, 30_000_000]
        .into_iter()
        .filter_map(|budget| strong(&network, &plan, budget, &Control::default()))
        .collect();
    assert!(bounds.len() >= 3 && bounds.is_sorted() && bounds[bounds.len() - 1] <= cost, "{bounds:?} {cost}");
    assert!(bounds[bounds.len() - 1] > 0.93 * cost, "{bounds:?} {cost}");
    let again = strong(&network, &plan, 300_000, &Control::default());
    assert_eq!(again, strong(&network, &plan, 300_000, &Control::default()));
    let stopped = Control::default();
    stopped.cancel.request();
    assert_eq!(strong(&network, &plan, 300_000, &stopped), None);
    assert_eq!(quick(&network, &stopped), None, "the quick bound has a clock too");
}

#[test]
fn whole_costs_round_it_up_and_a_proof_is_told() {
    let mut proved = 0;
    for seed in 0..6 {
        let mut data = random_problem(CLASSES[4], seed, 12).data().clone();
        let places = data.profiles[0].distance.places();
        let whole = |at: usize| data.profiles[0].distance.at(at / places, at % places).round();
        let values = std::sync::Arc::new((0..places * places).map(whole).collect());
        let table = super::super::super::Matrix::Table { places, values };
        data.profiles =
            vec![std::sync::Arc::new(super::super::super::Profile::constant(table.clone(), table))];
        let problem = super::super::super::Problem::new(data).unwrap();
        let options = RouteOptions { bound_share: 0.5, ..RouteOptions::default() };
        let found = search(&problem, &options, &Control::default().with_work(4_000)).unwrap();
        let (bound, cost) = (found.outcome.bound.unwrap(), found.evaluation.cost.total());
        assert!(bound.fract() == 0.0 && bound <= cost, "{seed}: {bound} {cost}");
        let told = found.outcome.solution_status == crate::solution::SolutionStatus::Optimal;
        assert_eq!(told, bound == cost);
        proved += usize::from(told);
    }
    assert!(proved >= 3, "{proved}");
}

#[test]
fn a_route_that_calls_twice_is_found_out() {
    assert_eq!(circles(&[4, 7, 4, 5, 7]).collect::<Vec<_>>(), [(0, 2, 4), (1, 4, 7)]);
    assert_eq!(circles(&[4, 7, 5]).count(), 0);
}

#[test]
fn it_is_not_above_the_best_known_cost_of_public_instances() {
    use super::super::super::{Rounding, RoundingRule, read_vrplib};
    let folder = std::env::var("PURVEY_SHARED_DATA")
        .map_or_else(|_| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), Into::into);
    let known = [
        ("cvrp/X-n101-k25.vrp", 27_591.0, Rounding::Nearest),
        ("cvrp/X-n153-k22.vrp", 21_220.0, Rounding::Nearest),
        ("cvrp/X-n200-k36.vrp", 58_578.0, Rounding::Nearest),
    ];
    for (file, best, rounding) in known {
        let Ok(text) = std::fs::read_to_string(folder.join("routing").join(file)) else {
            eprintln!("left out, as there is no {file} beside the project");
            continue;
        };
        let read = read_vrplib(&text, RoundingRule::Always(rounding)).unwrap();
        let problem = super::super::super::Problem::new(read.data).unwrap();
        let network = Network::new(&problem, 20, &Control::default());
        let none = Plan { routes: Vec::new(), cost: f64::INFINITY };
        let bound = strong(&network, &none, 1_500_000, &Control::default());
        assert!(bound.is_none_or(|bound| bound <= best), "{file}: {bound:?} above {best}");
    }
}
