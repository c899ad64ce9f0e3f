//! The solver's cost and the independent checker's are the same for every feature.

use purvey::control::Control;
use purvey::decide::SolveOptions;
use purvey::solution::{Outcome, SolutionStatus, Termination};

use super::generate::instance;
use super::support::{objective, prepare, quick};

const CASES: u64 = 200;

/// A solve fails where the checker prices the plan differently than the solver judged it.
#[test]
fn the_checkers_cost_is_the_solvers_objective() {
    let (mut planned, mut faults) = (0, Vec::new());
    for seed in 0..CASES {
        let instance = instance(seed);
        let prepared = prepare(&instance.tables, &instance.settings);
        let options = SolveOptions { start: instance.start.clone(), ..quick() };
        let solution = match prepared.solve(&options) {
            Ok(solution) => solution,
            Err(error) => {
                faults.push(format!("seed {seed}: {error}\n{}", instance.text()));
                continue;
            }
        };
        if solution.outcome.solution_status == SolutionStatus::None {
            continue;
        }
        planned += 1;
        let told = objective(&solution);
        if !solution.checks.feasible {
            faults.push(format!("seed {seed}: {:?}", solution.checks.violations));
        }
        if !is_honest(&solution.outcome, told) {
            faults.push(format!("seed {seed}: {:?}", solution.outcome));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(planned >= CASES * 3 / 4, "only {planned} of {CASES} have a plan");
}

/// The bound is below the cost, and the termination says no more than the two prove.
fn is_honest(outcome: &Outcome, cost: f64) -> bool {
    let slack = 1e-6 * cost.abs().max(1.0);
    let gap = outcome.bound.map_or(f64::INFINITY, |bound| cost - bound);
    let asked = Control::default().limits.gap * cost.abs();
    let told = match outcome.termination {
        Termination::Optimal => gap <= slack,
        Termination::TargetGap => gap <= asked + slack,
        Termination::Stalled | Termination::WorkLimit => true,
        _ => false,
    };
    told && gap >= -slack
}
