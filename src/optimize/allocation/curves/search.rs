//! Given curves, some of them S-shaped or with steps, and a budget, find a split and prove how far
//! from the best it can be.
//!
//! Method: branch and bound, best bound first; a node is an interval for each curve, its bound the
//! filling of the covers, and the interval of the one curve that stands between two points is cut
//! there (Falk and Soland 1969, doi:10.1287/mnsc.15.9.550). Each filling is repaired: the curve
//! between is moved to either end and the rest filled again.
//! Cost: three fillings a node, memory O(n) a node; seldom more than some ten nodes.
//! Use [`super::filling`] instead where all curves are concave without steps: that is exact.
//! Not for: more than one budget.
//! Same input and work limit give the same answer: yes; a time limit may end it earlier.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::curve::{Cover, Curve, CurveError};
use super::filling::{Filling, fill};
use crate::control::Control;
use crate::optimize::stop_reason;
use crate::solution::{Outcome, SolutionStatus, Termination};

/// How a budget is split.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetSplit {
    /// Status, what the split brings, and what no split can exceed.
    pub outcome: Outcome,
    /// The amount of each curve; empty where the least amounts alone exceed the budget.
    pub amounts: Vec<f64>,
    /// What one more unit of budget brings; 0 where the bounds leave budget unspent.
    pub price: f64,
    /// Budget that stays unspent.
    pub left: f64,
    /// Nodes searched.
    pub nodes: u64,
}

/// Gap above which a split is not called the best, where rounding left nothing more to search.
const PROVED: f64 = 1e-7;
/// Gap that the search always tries for.
const CLOSED: f64 = 1e-10;
/// Curves filled within which it does (2,000 nodes of 100 curves); after them the gap of the
/// control's limits is enough.
const PATIENCE: u64 = 200_000;

/// Splits `budget` over `curves`.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::allocation::{Curve, split_budget};
/// let curve = |a, k| Curve { a, k, s: 1.0, lower: 0.0, upper: 60.0, step: 0.0 };
/// let split = split_budget(&[curve(100.0, 10.0), curve(100.0, 10.0)], 40.0, &Control::default())?;
/// assert!(split.amounts.iter().all(|amount| (amount - 20.0).abs() < 1e-9));
/// # Ok::<(), purvey::optimize::allocation::CurveError>(())
/// ```
///
/// # Errors
/// [`CurveError`] where the budget or a number of a curve is outside its range.
pub fn split_budget(curves: &[Curve], budget: f64, control: &Control) -> Result<BudgetSplit, CurveError> {
    if !(budget.is_finite() && budget >= 0.0) {
        return Err(CurveError::Budget { budget });
    }
    let curves: Result<Vec<Curve>, CurveError> =
        curves.iter().enumerate().map(|(i, curve)| curve.checked(i)).collect();
    let covers = curves?.into_iter().map(|curve| Cover::new(curve, curve.lower, curve.upper)).collect();
    Ok(Search {
        budget,
        best: Vec::new(),
        worth: f64::NEG_INFINITY,
        price: 0.0,
        open: BinaryHeap::new(),
        nodes: 0,
    }
    .run(covers, &control.started()))
}

/// An interval for each curve, with its bound.
struct Node {
    covers: Vec<Cover>,
    filling: Filling,
    number: u64,
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        self.filling.bound.total_cmp(&other.filling.bound).then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Node {}

struct Search {
    budget: f64,
    best: Vec<f64>,
    worth: f64,
    /// Price of the filling that the best split came from.
    price: f64,
    open: BinaryHeap<Node>,
    nodes: u64,
}

impl Search {
    fn run(mut self, covers: Vec<Cover>, control: &Control) -> BudgetSplit {
        let Some(filling) = fill(&covers, self.budget) else {
            return BudgetSplit {
                outcome: Outcome::without_answer(Termination::Infeasible),
                amounts: Vec::new(),
                price: f64::NAN,
                left: f64::NAN,
                nodes: 0,
            };
        };
        let mut proved = f64::NEG_INFINITY;
        self.add(covers, filling, &mut proved);
        let mut termination = Termination::Optimal;
        while let Some(node) = self.open.pop() {
            let bound = node.filling.bound.max(proved);
            let is_patient = self.nodes.saturating_mul(node.covers.len() as u64) <= PATIENCE;
            let reason = stop(self.gap(bound), self.nodes, is_patient, control);
            if let Some(reason) = reason {
                termination = reason;
                proved = bound;
                break;
            }
            self.branch(node, &mut proved);
        }
        self.answer(termination, proved)
    }

    /// Keeps a filling for later, unless it is settled; its repaired split may be the best so far.
    fn add(&mut self, covers: Vec<Cover>, filling: Filling, proved: &mut f64) {
        self.nodes += 1;
        self.offer(&covers, &filling);
        if let Some(i) = filling.between {
            for end in ends(&covers[i], filling.amounts[i]) {
                let mut tried = covers.clone();
                tried[i] = Cover::new(covers[i].curve, end, end);
                if let Some(filling) = fill(&tried, self.budget) {
                    self.offer(&tried, &filling);
                }
            }
            self.open.push(Node { covers, filling, number: self.nodes });
        } else {
            // Curve and cover agree: this node is settled with its own split.
            *proved = proved.max(filling.bound);
        }
    }

    /// Takes a split over when it is better; one between two steps is rounded down.
    fn offer(&mut self, covers: &[Cover], filling: &Filling) {
        let mut amounts = filling.amounts.clone();
        if let Some(i) = filling.between.filter(|&i| covers[i].curve.step > 0.0) {
            amounts[i] = covers[i].curve.multiple_below(amounts[i], covers[i].lower, covers[i].upper);
        }
        let worth: f64 = covers.iter().zip(&amounts).map(|(cover, &x)| cover.curve.value(x)).sum();
        if worth > self.worth {
            (self.worth, self.best, self.price) = (worth, amounts, filling.price);
        }
    }

    /// Cuts the interval of the curve between.
    fn branch(&mut self, node: Node, proved: &mut f64) {
        let Some(i) = node.filling.between else { return };
        let (cover, x) = (node.covers[i], node.filling.amounts[i]);
        let step = cover.curve.step;
        let (below, above) = match step > 0.0 {
            true => {
                let below = cover.curve.multiple_below(x, cover.lower, cover.upper);
                (below, cover.curve.multiple_after(below))
            }
            false => {
                let margin = 0.05 * (cover.touch - cover.lower);
                let cut = x.clamp(cover.lower + margin, cover.touch - margin);
                (cut, cut)
            }
        };
        for (lower, upper) in [(cover.lower, below), (above, cover.upper)] {
            if lower > upper {
                continue;
            }
            let mut covers = node.covers.clone();
            covers[i] = Cover::new(cover.curve, lower, upper);
            if let Some(filling) = fill(&covers, self.budget)
                && filling.bound > self.worth
            {
                self.add(covers, filling, proved);
            }
        }
    }

    fn gap(&self, bound: f64) -> f64 {
        (bound - self.worth) / self.worth.abs().max(1e-9)
    }

    fn answer(self, mut termination: Termination, proved: f64) -> BudgetSplit {
        let bound = proved.max(self.worth);
        if termination == Termination::Optimal && self.gap(bound) > PROVED {
            termination = Termination::Stalled;
        }
        let is_optimal = termination == Termination::Optimal;
        let spent: f64 = self.best.iter().sum();
        BudgetSplit {
            outcome: Outcome {
                termination,
                solution_status: if is_optimal { SolutionStatus::Optimal } else { SolutionStatus::Feasible },
                objective: Some(self.worth),
                bound: Some(bound),
            },
            left: (self.budget - spent).max(0.0),
            amounts: self.best,
            price: self.price,
            nodes: self.nodes,
        }
    }
}

/// Where a curve between two points may be put: at either of them.
fn ends(cover: &Cover, x: f64) -> [f64; 2] {
    if cover.curve.step > 0.0 && x > cover.touch {
        let below = cover.curve.multiple_below(x, cover.lower, cover.upper);
        return [below, cover.curve.multiple_after(below).min(cover.upper)];
    }
    [cover.lower, cover.touch]
}

fn stop(gap: f64, nodes: u64, is_patient: bool, control: &Control) -> Option<Termination> {
    if gap <= CLOSED {
        return Some(Termination::Optimal);
    }
    let is_enough = !is_patient && gap <= control.limits.gap;
    stop_reason(control, nodes, 1).or(is_enough.then_some(Termination::TargetGap))
}
