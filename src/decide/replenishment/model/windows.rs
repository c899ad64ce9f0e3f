//! Given a stock point's columns, add rows that say that demand needs stock, a shortage, or an order.
//!
//! Method: the (l,S) inequalities of Barany, Van Roy and Wolsey (1984), "Strong
//! Formulations for Multi-Item Capacitated Lot Sizing",
//! doi:10.1287/mnsc.30.10.1255, over windows of buckets: demand from bucket `t`
//! to `l` comes from stock at the end of `t - 1`, stays unmet, or comes from
//! orders that arrive at `u` in the window, each good for no more than the
//! demand from `u` to `l`; one row a scenario.
//! Cost: [`LONGEST`] rows a scenario and bucket.
//! Use the balance rows alone where orders cost nothing by themselves.
//! Not for: cutting off plans; every whole plan keeps these rows.
//! Same input gives the same answer: yes.
//! Differs from the paper: demand may stay unmet, orders have largest
//! quantities, and windows are short.

use super::lanes::Lane;
use super::whole::{Terms, WayColumns};
use crate::optimize::inventory::order_path::PathProblem;
use crate::optimize::milp::Program;

/// Buckets that a window spans at most.
const LONGEST: usize = 3;

/// Columns of one scenario: what is stored after each bucket, and what is unmet in it.
#[derive(Default)]
pub(crate) struct Course {
    pub stored: Vec<Terms>,
    pub unmet: Vec<usize>,
}

/// Adds the rows of every window and scenario.
pub(crate) fn add_windows(
    program: &mut Program,
    path: &PathProblem,
    lanes: &[Vec<Lane<'_>>],
    columns: &[WayColumns],
    courses: &[Course],
) {
    let mut terms = Vec::new();
    for (scenario, course) in courses.iter().enumerate() {
        for from in 0..path.periods {
            for to in from..path.periods.min(from + LONGEST) {
                terms.clear();
                let (need, orders) = (0.0, 0);
                let mut window = Window { path, lanes, columns, from, to, terms: &mut terms, need, orders };
                window.fill(scenario, course);
                // Without an order that could arrive the balance rows say the same.
                let (need, orders) = (window.need, window.orders);
                if need > 0.0 && orders > 0 {
                    program.add_row(need, f64::INFINITY, &terms);
                }
            }
        }
    }
}

struct Window<'a> {
    path: &'a PathProblem,
    lanes: &'a [Vec<Lane<'a>>],
    columns: &'a [WayColumns],
    from: usize,
    to: usize,
    terms: &'a mut Vec<(usize, f64)>,
    /// Demand that is not covered by what comes anyhow.
    need: f64,
    /// Orders that can arrive in it.
    orders: usize,
}

impl Window<'_> {
    fn fill(&mut self, scenario: usize, course: &Course) {
        let path = self.path;
        let demand = &path.demand[scenario * path.periods..(scenario + 1) * path.periods];
        let window = self.from..=self.to;
        self.need += demand[window.clone()].iter().sum::<f64>() - path.inflow[window].iter().sum::<f64>();
        match self.from.checked_sub(1) {
            None => self.need -= path.initial_stock.max(0.0),
            Some(before) => {
                let stored = &course.stored[before];
                self.need -= stored.constant;
                self.terms.extend_from_slice(&stored.list);
            }
        }
        self.terms.extend(course.unmet[self.from..=self.to].iter().map(|&column| (column, 1.0)));
        for (lanes, way) in self.lanes.iter().zip(self.columns) {
            for order in &way.orders {
                let lane = &lanes[order.lane];
                let Some(at) = lane.arrival_of(scenario, order.bucket) else { continue };
                if !(self.from..=self.to).contains(&at) {
                    continue;
                }
                self.orders += order.steps.len();
                let left: f64 = demand[at..=self.to].iter().sum();
                for step in &order.steps {
                    let most = step.most * lane.multiple * lane.fill;
                    self.terms.push((step.on, left.min(most)));
                }
                if order.locked > 0.0 {
                    self.terms.push((way.taken, left.min(order.locked * lane.fill)));
                }
            }
        }
    }
}
