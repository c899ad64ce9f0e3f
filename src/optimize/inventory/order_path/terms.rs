//! What an order costs, stage by stage, in steps of the lattice.

use super::prepared::Prepared;
use super::problem::{PathError, PathProblem, steps_up};

/// Orders of `from` to `to` steps cost `unit` a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub from: usize,
    pub to: usize,
    pub unit: f64,
}

/// Fixed cost and price segments of every stage, and the reach of the lattice.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderTerms {
    pub fixed: Vec<f64>,
    first: Vec<usize>,
    segments: Vec<Segment>,
    /// No optimal plan needs more steps in all than this.
    pub reach: usize,
    /// Whether cost is convex on the lattice: no fixed cost, no minimum above
    /// one step, one price.
    pub convex: bool,
}

impl OrderTerms {
    /// Reads the prices of `problem`.
    pub fn read(&mut self, problem: &PathProblem, prepared: &Prepared) -> Result<(), PathError> {
        self.fixed.clear();
        self.first.clear();
        self.segments.clear();
        self.first.push(0);
        self.convex = prepared.min_steps <= 1;
        for &period in &prepared.stages {
            self.fixed.push(problem.fixed_cost[period]);
            self.push_segments(problem, prepared, period);
            let count = self.segments.len() - self.first[self.first.len() - 1];
            self.convex &= problem.fixed_cost[period] == 0.0 && count <= 1;
            self.first.push(self.segments.len());
        }
        self.reach = self.find_reach(problem, prepared)?;
        Ok(())
    }

    /// Price segments of a stage, in rising quantities.
    pub fn segments(&self, stage: usize) -> &[Segment] {
        &self.segments[self.first[stage]..self.first[stage + 1]]
    }

    /// Cost of an order of `steps` in `stage`; infinite where it is not allowed.
    pub fn order_cost(&self, stage: usize, steps: usize) -> f64 {
        if steps == 0 {
            return 0.0;
        }
        self.segments(stage)
            .iter()
            .filter(|segment| (segment.from..=segment.to).contains(&steps))
            .map(|segment| segment.unit * steps as f64)
            .fold(f64::INFINITY, f64::min)
            + self.fixed[stage]
    }

    /// Where prices fall with quantity, a segment may run on to the largest
    /// order: its price is then only beaten by the right one.
    fn push_segments(&mut self, problem: &PathProblem, prepared: &Prepared, period: usize) {
        let most = prepared.max_steps.unwrap_or(usize::MAX);
        let breaks = problem.unit_cost.period(period);
        let falling = breaks.windows(2).all(|pair| pair[0].unit_cost >= pair[1].unit_cost);
        for (index, step) in breaks.iter().enumerate() {
            let own = if index == 0 { 0 } else { steps_up(step.min_quantity, prepared.multiple) };
            let from = own.max(prepared.min_steps);
            let to = match breaks.get(index + 1) {
                Some(next) if !falling => steps_up(next.min_quantity, prepared.multiple).saturating_sub(1),
                Some(next) if steps_up(next.min_quantity, prepared.multiple) <= from => continue,
                _ => usize::MAX,
            }
            .min(most);
            if from <= to {
                self.segments.push(Segment { from, to, unit: step.unit_cost * prepared.multiple });
            }
        }
    }

    /// Smallest order of the segment that begins last.
    pub fn largest_minimum(&self) -> usize {
        self.segments.iter().map(|segment| segment.from).max().unwrap_or(1)
    }

    /// Beyond full cover, an order can be left out or made a step smaller
    /// without loss, down to the smallest order and the last price break; that
    /// holds as long as a unit never earns its keep.
    fn find_reach(&self, problem: &PathProblem, prepared: &Prepared) -> Result<usize, PathError> {
        let useful = prepared.cover + self.largest_minimum() - 1;
        let capacity = prepared.max_steps.map(|most| most.saturating_mul(prepared.stages.len()));
        for &period in &prepared.stages {
            let gain = -least_keep(problem, period);
            if gain > 1e-12 {
                return capacity.ok_or(PathError::Unbounded { period, gain });
            }
        }
        Ok(capacity.map_or(useful, |capacity| capacity.min(useful)))
    }
}

/// Least cost of buying a unit in `period` and never using it.
fn least_keep(problem: &PathProblem, period: usize) -> f64 {
    let price =
        problem.unit_cost.period(period).iter().map(|step| step.unit_cost).fold(f64::INFINITY, f64::min);
    let (mut tail, mut least) = (0.0, 0.0_f64);
    for at in (period..problem.periods).rev() {
        tail += problem.holding_cost[at];
        least = least.min(tail);
    }
    price / problem.yield_factor + least
}
