//! What an order line would be without the rules of its own: the quantity that
//! costs least when only it is decided, in the smallest steps and at the
//! price of a small order.

use super::super::plan::OrderLine;
use super::super::problem::Problem;
use super::super::scenarios::Scenarios;
use super::ways::{Way, ways};
use crate::optimize::inventory::order_path::{PathOptions, PriceList, Workspace, solve_path};

/// Memory of one thread, used again from stock point to stock point.
#[derive(Default)]
pub(crate) struct Memory(Workspace);

/// The needs of those lines of a stock point that `asked` picks; the other lines stay as they
/// are. `None` where none was asked for or no path could be solved.
pub(crate) fn needs(
    problem: &Problem,
    scenarios: &Scenarios,
    lines: &[OrderLine],
    asked: impl Fn(&OrderLine) -> bool,
    memory: &mut Memory,
) -> Vec<Option<f64>> {
    let Some(first) = lines.first().filter(|_| lines.iter().any(&asked)) else {
        return vec![None; lines.len()];
    };
    let pair = &problem.pairs[first.pair];
    let ways = ways(problem, pair, &scenarios.pairs[first.pair]);
    let of = |line: &OrderLine| {
        ways.iter().find(|way| way.sources.iter().any(|(source, _)| *source == line.source))
    };
    lines
        .iter()
        .map(|line| of(line).filter(|_| asked(line)).and_then(|way| need(problem, lines, line, way, memory)))
        .collect()
}

fn need(
    problem: &Problem,
    lines: &[OrderLine],
    line: &OrderLine,
    way: &Way,
    memory: &mut Memory,
) -> Option<f64> {
    let share = way.sources.iter().find(|(source, _)| *source == line.source)?.1;
    let mut path = way.path.clone();
    path.locked = (0..path.periods).map(|bucket| path.is_open(bucket).then_some(0.0)).collect();
    for other in lines.iter().filter(|other| other.bucket != line.bucket && other.bucket < path.periods) {
        if way.sources.iter().any(|(source, _)| *source == other.source) {
            *path.locked[other.bucket].get_or_insert(0.0) += other.quantity;
        }
    }
    // What another source brings is there all the same.
    let pair = &problem.pairs[line.pair];
    for other in lines.iter().filter(|other| way.sources.iter().all(|(source, _)| *source != other.source)) {
        let source = &pair.sources[other.source];
        let days = source.mean_lead_time_days().round() as u32;
        let at = usize::try_from(problem.arrival_bucket(source, other.bucket, days)).unwrap_or(path.periods);
        if let Some(inflow) = path.inflow.get_mut(at) {
            *inflow += source.supply_fill * other.quantity;
        }
    }
    path.locked[line.bucket] = None;
    path.multiple = problem.items[problem.pairs[line.pair].item].quantum;
    (path.moq, path.max_order) = (0.0, None);
    path.fixed_cost = vec![0.0; path.periods];
    let prices: Vec<f64> = (0..path.periods)
        .map(|bucket| path.unit_cost.period(bucket).first().map_or(0.0, |step| step.unit_cost))
        .collect();
    path.unit_cost = PriceList::single(&prices);
    let options = PathOptions { gap: 1e-4, max_rounds: 20, max_looks: 0, ..PathOptions::default() };
    let solution = solve_path(&path, &options, &mut memory.0).ok()?;
    solution.orders.get(line.bucket).map(|quantity| quantity * share)
}
