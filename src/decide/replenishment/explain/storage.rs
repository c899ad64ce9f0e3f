//! Room for stock in the program of the limits: mean stock right after the
//! arrivals of each bucket, at the least what it must be.

use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

use super::super::problem::{Pair, Problem};
use super::super::scenarios::Scenarios;
use super::super::simulate::simulate;
use super::collide::{Limits, STOCK_CELLS};
use super::lines::Line;
use super::rule::Rule;
use crate::control::Control;
use crate::optimize::milp::ColumnKind;

/// Relative slack of the room, as in the check.
const SLACK: f64 = 1e-6;

/// Mean units right after the arrivals of each bucket when nothing is ordered, by pair; empty
/// where they take no room that is limited.
pub(super) type Base = Vec<Vec<f64>>;

/// What stock on hand and deliveries on their way come to.
pub(super) fn base(problem: &Problem, scenarios: &Scenarios, control: &Control) -> Base {
    let takes_room =
        |pair: &Pair| problem.locations[pair.location].storage_m3.is_some() && problem.volume_m3(pair) > 0.0;
    control.install(|| {
        (0..problem.pairs.len())
            .into_par_iter()
            .map(|index| {
                if takes_room(&problem.pairs[index]) {
                    simulate(problem, scenarios, index, &[]).after_arrivals
                } else {
                    Vec::new()
                }
            })
            .collect()
    })
}

/// Volume at a location by bucket of all its pairs but those left out.
fn volume(problem: &Problem, base: &Base, location: usize, without: &BTreeSet<usize>) -> Vec<f64> {
    let mut volume = vec![0.0; problem.horizon];
    for (index, units) in base.iter().enumerate().filter(|(_, units)| !units.is_empty()) {
        let pair = &problem.pairs[index];
        if pair.location == location && !without.contains(&index) {
            let each = problem.volume_m3(pair);
            volume.iter_mut().zip(units).for_each(|(sum, units)| *sum += each * units);
        }
    }
    volume
}

/// Locations that stock and deliveries alone fill beyond their room: most m3, and its bucket.
pub(super) fn overfull(problem: &Problem, base: &Base) -> BTreeMap<usize, (f64, usize)> {
    let mut found = BTreeMap::new();
    for (at, location) in problem.locations.iter().enumerate() {
        let Some(room) = location.storage_m3 else { continue };
        let used = volume(problem, base, at, &BTreeSet::new());
        let most = used.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
        if let Some((bucket, &used)) = most
            && used > room * (1.0 + SLACK)
        {
            found.insert(at, (used, bucket));
        }
    }
    found
}

/// Adds the room of every location that lines or stock can fill.
pub(super) fn add(limits: &mut Limits<'_>, lines: &[Line], base: &Base) {
    let problem = limits.problem;
    for (at, location) in problem.locations.iter().enumerate() {
        let Some(room) = location.storage_m3 else { continue };
        let mut here: BTreeMap<usize, Vec<&Line>> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.pair != Line::OTHERS) {
            if problem.pairs[line.pair].location == at && !base[line.pair].is_empty() {
                here.entry(line.pair).or_default().push(line);
            }
        }
        if here.is_empty() && !limits.overfull.contains_key(&at) {
            continue;
        }
        let cells = here.len() * limits.scenarios.count * problem.horizon;
        let apart: BTreeSet<usize> = here.keys().copied().collect();
        let fixed = volume(problem, base, at, &apart);
        let mut rows: Vec<Vec<(usize, f64)>> =
            fixed.iter().map(|&volume| vec![(limits.one, volume)]).collect();
        for (&pair, lines) in &here {
            add_stock(limits, pair, lines, &base[pair], cells <= STOCK_CELLS, &mut rows);
        }
        for row in rows {
            limits.at_most(Some(Rule::Storage(at)), &row, room * (1.0 + SLACK));
        }
    }
}

/// A course of demand with its weight, and where each line arrives in it, by bucket and share.
struct Course {
    weight: f64,
    demand: Vec<f64>,
    arrivals: Vec<Vec<(usize, f64)>>,
}

/// Adds the stock of one pair to the rows of its location.
fn add_stock(
    limits: &mut Limits<'_>,
    index: usize,
    lines: &[&Line],
    base: &[f64],
    each: bool,
    rows: &mut [Vec<(usize, f64)>],
) {
    let problem = limits.problem;
    let pair = &problem.pairs[index];
    let volume = problem.volume_m3(pair);
    let courses = courses(problem, limits.scenarios, index, lines, each);
    let expires =
        problem.items[pair.item].shelf_life.is_some() || pair.lots.iter().any(|lot| lot.1.is_some());
    for course in &courses {
        let factor = volume * course.weight;
        for (line, arrivals) in lines.iter().zip(&course.arrivals) {
            let fill = pair.sources[line.source].supply_fill;
            for &(bucket, share) in arrivals {
                rows[bucket].push((line.quantity, factor * share * fill));
            }
        }
        if !expires {
            add_course(limits, pair, lines, course, factor, rows);
        }
    }
    let on_hand: f64 = pair.lots.iter().map(|(quantity, _)| quantity).sum();
    for (bucket, row) in rows.iter_mut().enumerate() {
        let at_least = match (expires, bucket) {
            (true, _) => base[bucket],
            (false, 0) => on_hand + pair.inflow[0],
            (false, _) => pair.inflow[bucket],
        };
        row.push((limits.one, volume * at_least));
    }
}

/// Adds the stock that is carried from bucket to bucket in one course of demand.
fn add_course(
    limits: &mut Limits<'_>,
    pair: &Pair,
    lines: &[&Line],
    course: &Course,
    factor: f64,
    rows: &mut [Vec<(usize, f64)>],
) {
    let is_lost = limits.problem.items[pair.item].lost_sales;
    let on_hand: f64 = pair.lots.iter().map(|(quantity, _)| quantity).sum();
    let mut sum = on_hand - pair.backorder;
    let mut arrived: Vec<(usize, f64)> = Vec::new();
    let mut before: Option<usize> = None;
    for bucket in 0..rows.len().saturating_sub(1) {
        sum += pair.inflow[bucket] - course.demand[bucket];
        for (line, arrivals) in lines.iter().zip(&course.arrivals) {
            let fill = pair.sources[line.source].supply_fill;
            let now = arrivals.iter().filter(|(at, _)| *at == bucket);
            arrived.extend(now.map(|&(_, share)| (line.quantity, -share * fill)));
        }
        let stock = limits.column(f64::INFINITY, ColumnKind::Continuous);
        let mut terms = vec![(stock, 1.0)];
        terms.extend(arrived.iter().copied());
        terms.extend(before.map(|before| (before, -1.0)));
        limits.at_least(None, &terms, sum);
        if is_lost {
            // What is not sold is lost: only the stock itself is carried on.
            (sum, before) = (0.0, Some(stock));
            arrived.clear();
        }
        rows[bucket + 1].push((stock, factor));
    }
}

/// Every scenario, or their mean, whose stock is never more than the mean of theirs.
fn courses(
    problem: &Problem,
    scenarios: &Scenarios,
    index: usize,
    lines: &[&Line],
    each: bool,
) -> Vec<Course> {
    let horizon = problem.horizon;
    let sample = &scenarios.pairs[index];
    let weight = 1.0 / scenarios.count.max(1) as f64;
    let mut list: Vec<Course> = (0..scenarios.count)
        .map(|scenario| Course {
            weight,
            demand: sample.path(scenario, horizon).iter().map(|units| f64::from(*units)).collect(),
            arrivals: lines
                .iter()
                .map(|line| {
                    arrival(problem, scenarios, line, scenario).map(|at| (at, 1.0)).into_iter().collect()
                })
                .collect(),
        })
        .collect();
    if !each {
        let mut mean =
            Course { weight: 1.0, demand: vec![0.0; horizon], arrivals: vec![Vec::new(); lines.len()] };
        for course in list.drain(..) {
            mean.demand.iter_mut().zip(&course.demand).for_each(|(sum, units)| *sum += weight * units);
            for (all, of) in mean.arrivals.iter_mut().zip(course.arrivals) {
                all.extend(of.into_iter().map(|(at, share)| (at, weight * share)));
            }
        }
        list.push(mean);
    }
    list
}

/// Bucket in which a line arrives in a scenario, where it is within the horizon.
fn arrival(problem: &Problem, scenarios: &Scenarios, line: &Line, scenario: usize) -> Option<usize> {
    let source = &problem.pairs[line.pair].sources[line.source];
    let certain = source.lead_time_days.first().map_or(0, |(days, _)| *days);
    let drawn = scenarios.pairs[line.pair].lead_time_days.get(line.source * scenarios.count + scenario);
    let days =
        if source.lead_time_days.len() > 1 { drawn.map_or(certain, |d| u32::from(*d)) } else { certain };
    let at = problem.arrival_bucket(source, line.bucket, days);
    usize::try_from(at).ok().filter(|at| *at < problem.horizon)
}
