//! Given lost sales and a range of order sizes for each stage, each with its
//! own price, find the cumulative orders that cost least, and prove it.
//!
//! With `L` the demand lost so far, a running maximum of what net stock falls
//! short, cost is `sum_t h_t N_t + c_t L_t`, `c_t = h_t + p_t - p_{t+1}`. For
//! `c_t >= 0` it is L-natural-convex in the cumulative orders (negated): a plan
//! is best when no set of stages gains by moving up together or down together.
//! Which set gains most is a minimum cut, because a running maximum falls only
//! if all that reach it move, and rises as soon as one does.
//!
//! Method: steepest descent with steps that halve, K. Murota (2003), "Discrete
//! Convex Analysis", doi:10.1137/1.9780898718508, sections 7.3 and 10.3; the
//! structure of lost sales: P. Zipkin (2008), "On the Structure of Lost-Sales
//! Inventory Models", doi:10.1287/opre.1070.0482.
//! Cost: O(S T) and one cut of at most S T nodes a step, a few steps a size.
//! Use [`backorders`](super::backorders) instead when unmet demand waits.
//! Not for: fixed costs, minima or price breaks, unless [`patterns`](super::patterns)
//! fixes which stages order and at which price; more than 128 stages.
//! Same input gives the same answer: yes.

use super::cut::{Cut, SINK, SOURCE};
use super::prepared::Prepared;

/// Smallest and largest order of a stage in steps, and the price of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OrderRange {
    pub from: usize,
    pub to: usize,
    pub unit: f64,
}

/// Which way a set of stages moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// Stages that reach the running maximum of a scenario, or come within a step of it.
type Reaching = Vec<(usize, f64)>;

/// Buffers of the descent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steepest {
    /// `c_t`.
    loss: Vec<f64>,
    /// Cost of a step more in a stage while nothing is lost.
    line: Vec<f64>,
    levels: Vec<usize>,
    reaching: Reaching,
    /// Sets of stages (bits) and what moving them together is worth.
    terms: Vec<(u128, f64)>,
    moving: Vec<f64>,
    cut: Cut,
    /// Cuts made since the last [`Steepest::open`].
    pub cuts: usize,
}

impl Steepest {
    /// Reads costs; false where the method does not apply.
    pub fn open(&mut self, prepared: &Prepared, holding: &[f64], shortage: &[f64]) -> bool {
        self.cuts = 0;
        let next = shortage.iter().skip(1).chain([&0.0]);
        self.loss.clear();
        self.loss.extend(holding.iter().zip(shortage).zip(next).map(|((h, p), after)| h + p - after));
        let stages = prepared.stages.len();
        self.line.clear();
        self.line.resize(stages, 0.0);
        for (at, &stage) in prepared.stage.iter().enumerate() {
            if stage > 0 {
                self.line[stage as usize - 1] += holding[at / prepared.scenarios];
            }
        }
        let share = prepared.unit / prepared.scenarios as f64;
        self.line.iter_mut().for_each(|sum| *sum *= share);
        stages <= 128 && self.loss.iter().all(|&loss| loss >= 0.0)
    }

    /// Moves `steps` (orders by stage) to the best ones within `ranges`;
    /// they are brought into the ranges first.
    pub fn run(&mut self, prepared: &Prepared, ranges: &[OrderRange], steps: &mut [usize]) {
        for (steps, range) in steps.iter_mut().zip(ranges) {
            *steps = (*steps).clamp(range.from, range.to);
        }
        let most = steps.iter().copied().max().unwrap_or(0);
        let mut size = (most / 32).max(1).next_power_of_two();
        loop {
            let mut moved = true;
            while moved {
                moved = self.step(prepared, ranges, steps, Way::Up, size);
                while self.step(prepared, ranges, steps, Way::Down, size) {
                    moved = true;
                }
            }
            if size == 1 {
                return;
            }
            size /= 2;
        }
    }

    /// Moves the set of stages that gains most; false if none gains.
    fn step(
        &mut self,
        prepared: &Prepared,
        ranges: &[OrderRange],
        steps: &mut [usize],
        way: Way,
        size: usize,
    ) -> bool {
        self.cuts += 1;
        self.levels.clear();
        self.levels.extend(steps.iter().scan(0, |level, steps| {
            *level += steps;
            Some(*level)
        }));
        self.gather(prepared, way, size);
        self.weigh(prepared, ranges, way, size);
        let gain = self.solve_cut(ranges, steps, way, size);
        let scale: f64 = self.moving.iter().map(|cost| cost.abs()).sum();
        if gain <= 1e-11 * scale {
            return false;
        }
        let mut before = 0;
        for (stage, steps) in steps.iter_mut().enumerate() {
            let chosen = if self.cut.is_chosen(stage + 2) { size } else { 0 };
            let level = match way {
                Way::Up => self.levels[stage] + chosen,
                Way::Down => self.levels[stage] - chosen,
            };
            *steps = level - before;
            before = level;
        }
        true
    }

    /// Collects which sets of stages lower (or raise) the demand lost, scenario by scenario.
    fn gather(&mut self, prepared: &Prepared, way: Way, size: usize) {
        self.terms.clear();
        let reach = prepared.unit * size as f64;
        let share = 1.0 / prepared.scenarios as f64;
        for scenario in 0..prepared.scenarios {
            self.reaching.clear();
            // What no stage can change: nothing lost, or lost before any arrival.
            let (mut base, mut most, mut weight) = (0.0_f64, 0.0_f64, 0.0);
            for period in 0..prepared.periods {
                let at = period * prepared.scenarios + scenario;
                match (prepared.stage[at] as usize).checked_sub(1) {
                    None => {
                        base = base.max(prepared.need[at]);
                        most = most.max(base);
                    }
                    Some(stage) => {
                        let short = prepared.need[at] - self.levels[stage] as f64 * prepared.unit;
                        if short > most - reach {
                            self.flush(way, base, most, reach, share * weight);
                            weight = 0.0;
                            most = most.max(short);
                            self.note(stage, short, most - reach);
                        }
                    }
                }
                weight += self.loss[period];
            }
            self.flush(way, base, most, reach, share * weight);
        }
    }

    /// Keeps, in falling order, the stages whose shortfall is above `least`.
    fn note(&mut self, stage: usize, short: f64, least: f64) {
        let known = self.reaching.iter().position(|entry| entry.0 == stage);
        let short = known.map_or(short, |at| self.reaching.remove(at).1.max(short));
        let place = self.reaching.partition_point(|entry| entry.1 >= short);
        self.reaching.insert(place, (stage, short));
        while self.reaching.last().is_some_and(|entry| entry.1 <= least) {
            self.reaching.pop();
        }
    }

    /// Up: the maximum falls to the next one when all above it move. Down: it
    /// rises by the largest rise among those that move. Both telescope over
    /// the first stages, the first two, and so on.
    fn flush(&mut self, way: Way, base: f64, most: f64, reach: f64, weight: f64) {
        if weight <= 0.0 {
            return;
        }
        let floor = match way {
            Way::Up => base.max(most - reach),
            Way::Down => most - reach,
        };
        let mut set = 0_u128;
        for (index, &(stage, short)) in self.reaching.iter().enumerate() {
            if short <= floor {
                break;
            }
            let next = self.reaching.get(index + 1).map_or(floor, |entry| entry.1.max(floor));
            set |= 1 << stage;
            if short > next {
                self.terms.push((set, weight * (short - next)));
            }
        }
    }

    /// Merges equal sets and puts what hangs on one stage alone into its own cost.
    fn weigh(&mut self, prepared: &Prepared, ranges: &[OrderRange], way: Way, size: usize) {
        let stages = prepared.stages.len();
        let sign = if way == Way::Up { 1.0 } else { -1.0 };
        self.moving.clear();
        for stage in 0..stages {
            let after = ranges.get(stage + 1).map_or(0.0, |range| range.unit);
            let line = self.line[stage] + ranges[stage].unit - after;
            self.moving.push(sign * size as f64 * line);
        }
        for &(set, worth) in self.terms.iter().filter(|(set, _)| set.is_power_of_two()) {
            self.moving[set.trailing_zeros() as usize] -= sign * worth;
        }
        self.terms.retain(|(set, _)| !set.is_power_of_two());
        self.terms.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        self.terms.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            kept.1 += if same { later.1 } else { 0.0 };
            same
        });
    }

    /// Builds the network, cuts it, and returns what the best set gains.
    fn solve_cut(&mut self, ranges: &[OrderRange], steps: &[usize], way: Way, size: usize) -> f64 {
        let stages = steps.len();
        self.cut.open(2 + stages + self.terms.len());
        let mut gains = 0.0;
        for (stage, &cost) in self.moving.iter().enumerate() {
            if cost < 0.0 {
                gains -= cost;
                self.cut.arc(SOURCE, stage + 2, -cost);
            } else {
                self.cut.arc(stage + 2, SINK, cost);
            }
        }
        for (stage, (range, &steps)) in ranges.iter().zip(steps).enumerate() {
            // A stage moving alone changes its own order one way, moving only
            // those before it changes it the other way.
            let (alone, left_behind) = match way {
                Way::Up => (range.to - steps < size, steps - range.from < size),
                Way::Down => (steps - range.from < size, range.to - steps < size),
            };
            let before = if stage == 0 { SINK } else { stage + 1 };
            if alone {
                self.cut.arc(stage + 2, before, f64::INFINITY);
            }
            if left_behind && stage > 0 {
                self.cut.arc(before, stage + 2, f64::INFINITY);
            }
        }
        for (index, &(set, worth)) in self.terms.iter().enumerate() {
            let node = 2 + stages + index;
            if way == Way::Up {
                gains += worth;
                self.cut.arc(SOURCE, node, worth);
            } else {
                self.cut.arc(node, SINK, worth);
            }
            let mut rest = set;
            while rest != 0 {
                let stage = rest.trailing_zeros() as usize + 2;
                rest &= rest - 1;
                match way {
                    Way::Up => self.cut.arc(node, stage, f64::INFINITY),
                    Way::Down => self.cut.arc(stage, node, f64::INFINITY),
                }
            }
        }
        gains - self.cut.run()
    }
}
