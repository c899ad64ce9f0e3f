//! Given lost sales with fixed costs, minima or price breaks over few stages,
//! find orders that cost little, and how much less any others could cost.
//!
//! Method: branch and bound over what each stage does (no order, or an order in
//! one price segment). With that fixed, order sizes have ranges and one price,
//! and [`steepest`](super::steepest) is exact ([`perishable`](super::perishable)
//! where stock expires: a bound near the cost); a stage not yet fixed may order
//! any amount at its lowest price without fixed cost, which gives the bound. What
//! the budget of nodes leaves open counts with the bound of the node above it.
//! A. H. Land and A. G. Doig (1960), "An Automatic Method of Solving Discrete
//! Programming Problems", doi:10.2307/1910129.
//! Cost: one descent a node; nodes up to the product of choices.
//! Use [`lost_sales`](super::lost_sales) instead when there are many stages.
//! Not for: backorders, which [`backorders`](super::backorders) solves.
//! Same input gives the same answer: yes.

use super::evaluate::Simulator;
use super::perishable::Perishable;
use super::prepared::Prepared;
use super::problem::PathProblem;
use super::search::Candidate;
use super::steepest::{OrderRange, Steepest};
use super::terms::OrderTerms;

/// What a stage may do: nothing fixed yet, no order, or an order in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Open,
    NoOrder,
    Segment(usize),
}

/// What finds the best orders of a pattern.
pub(crate) enum Engine<'a> {
    /// Stock keeps: exact.
    Keeps(&'a mut Steepest),
    /// Stock expires: the best orders of a cost that never exceeds the true one.
    Expires(&'a mut Perishable),
}

/// The search; the best plan stays in `best`.
pub(crate) struct Patterns<'a> {
    pub problem: &'a PathProblem,
    pub prepared: &'a Prepared,
    pub terms: &'a OrderTerms,
    pub engine: Engine<'a>,
    /// Largest order worth looking at, in steps.
    pub reach: usize,
    pub simulator: &'a mut Simulator,
    pub best: &'a mut Candidate,
    pub candidate: &'a mut Candidate,
    /// Nodes left.
    pub nodes: usize,
    /// Relative distance below the best plan at which a node is not worth its branches.
    pub slack: f64,
}

impl Patterns<'_> {
    /// Searches the patterns; no plan costs less than what it returns.
    pub fn run(&mut self) -> f64 {
        let mut choices = vec![Choice::Open; self.prepared.stages.len()];
        let start = self.best.steps.clone();
        self.branch(&mut choices, &start, f64::NEG_INFINITY).min(self.best.cost.total())
    }

    /// Best orders for the pattern of the best plan.
    pub fn polish(&mut self) {
        let steps = self.best.steps.clone();
        let choices: Vec<Choice> =
            steps.iter().enumerate().map(|(stage, &steps)| self.choice_of(stage, steps)).collect();
        self.relax(&choices, &steps);
    }

    fn choice_of(&self, stage: usize, steps: usize) -> Choice {
        let cheapest = self
            .terms
            .segments(stage)
            .iter()
            .enumerate()
            .filter(|(_, segment)| (segment.from..=segment.to).contains(&steps))
            .min_by(|a, b| a.1.unit.total_cmp(&b.1.unit));
        match cheapest {
            Some((index, _)) if steps > 0 => Choice::Segment(index),
            _ => Choice::NoOrder,
        }
    }

    /// Searches below a node whose plans cost at least `known`; returns what they cost at least.
    fn branch(&mut self, choices: &mut Vec<Choice>, start: &[usize], known: f64) -> f64 {
        if self.nodes == 0 {
            return known;
        }
        self.nodes -= 1;
        let (steps, bound) = self.relax(choices, start);
        let bound = bound.max(known);
        let best = self.best.cost.total();
        if bound >= best - self.slack * best.abs() {
            return bound;
        }
        let Some(stage) = self.most_wrong(choices, &steps) else { return bound };
        // First what the relaxed plan leans to.
        let leaning = self.choice_of(stage, steps[stage]);
        let segments = (0..self.terms.segments(stage).len()).map(Choice::Segment);
        let mut order: Vec<Choice> = std::iter::once(Choice::NoOrder).chain(segments).collect();
        order.sort_by_key(|&choice| choice != leaning);
        let mut least = f64::INFINITY;
        for choice in order {
            choices[stage] = choice;
            least = least.min(self.branch(choices, &steps, bound));
        }
        choices[stage] = Choice::Open;
        least
    }

    /// Best orders and least cost of a pattern with open stages; the orders
    /// are tried as a plan of their own.
    fn relax(&mut self, choices: &[Choice], start: &[usize]) -> (Vec<usize>, f64) {
        let ranges: Vec<OrderRange> =
            choices.iter().enumerate().map(|(stage, &choice)| self.range(stage, choice)).collect();
        let mut steps = start.to_vec();
        let below = match &mut self.engine {
            Engine::Keeps(steepest) => {
                steepest.run(self.prepared, &ranges, &mut steps);
                None
            }
            Engine::Expires(perishable) => {
                Some(perishable.run(self.problem, self.prepared, &ranges, &mut steps))
            }
        };
        for (stage, &steps) in steps.iter().enumerate() {
            self.candidate.set(self.prepared, stage, steps);
        }
        let cost = self.simulator.price(self.problem, self.prepared, &self.candidate.orders);
        let mut bound = below.unwrap_or(cost.holding + cost.shortage);
        let mut allowed = true;
        for (stage, &steps) in steps.iter().enumerate() {
            bound += self.fixed(stage, choices[stage]) + ranges[stage].unit * steps as f64;
            allowed &= self.terms.order_cost(stage, steps).is_finite();
        }
        bound += self.locked_cost();
        if allowed && cost.total() < self.best.cost.total() {
            self.candidate.cost = cost;
            self.best.copy_from(self.candidate);
        }
        (steps, bound)
    }

    fn locked_cost(&self) -> f64 {
        let locked = self.problem.locked.iter().enumerate();
        locked
            .filter_map(|(period, quantity)| quantity.filter(|q| *q > 0.0).map(|q| (period, q)))
            .map(|(period, quantity)| {
                self.problem.fixed_cost[period]
                    + quantity * self.problem.unit_cost.unit_cost(period, quantity)
            })
            .sum()
    }

    fn range(&self, stage: usize, choice: Choice) -> OrderRange {
        let segments = self.terms.segments(stage);
        match choice {
            Choice::NoOrder => OrderRange { from: 0, to: 0, unit: 0.0 },
            Choice::Segment(index) => {
                let segment = segments[index];
                OrderRange {
                    from: segment.from,
                    to: segment.to.min(self.reach.max(segment.from)),
                    unit: segment.unit,
                }
            }
            Choice::Open => OrderRange {
                from: 0,
                to: segments.iter().map(|segment| segment.to).max().unwrap_or(0).min(self.reach),
                unit: segments.iter().map(|segment| segment.unit).fold(f64::INFINITY, f64::min).min(f64::MAX),
            },
        }
    }

    fn fixed(&self, stage: usize, choice: Choice) -> f64 {
        match choice {
            Choice::Segment(_) => self.terms.fixed[stage],
            Choice::NoOrder | Choice::Open => 0.0,
        }
    }

    /// The open stage whose order costs most above what the relaxation pays.
    fn most_wrong(&self, choices: &[Choice], steps: &[usize]) -> Option<usize> {
        let excess = |stage: usize| {
            let paid = self.range(stage, Choice::Open).unit * steps[stage] as f64;
            self.terms.order_cost(stage, steps[stage]) - paid
        };
        (0..steps.len())
            .filter(|&stage| choices[stage] == Choice::Open && steps[stage] > 0)
            .filter(|&stage| excess(stage) > 0.0)
            .max_by(|&a, &b| excess(a).total_cmp(&excess(b)).then(b.cmp(&a)))
    }
}
