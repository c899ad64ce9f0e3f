//! Given the options known of every part, find prices near the best ones known at which these options promise the highest bound.
//!
//! Method: proximal bundle (Kiwiel 1990, "Proximity control in bundle methods
//! for convex nondifferentiable minimization", doi:10.1007/BF01585731) with one
//! model a part: the options a part has shown are its cuts, a switch is known
//! exactly. The next prices maximise model less squared distance over twice
//! the reach `t`. The dual of that program has weights of each part's options
//! and a fractional opening of each switch, which are moved in turns: pairs of
//! weights by exact steps, a switch by its one-dimensional optimum. Its weights
//! are the fractional selection of the linear master program.
//! Cost: O(usage entries of all known options) a sweep, 60 sweeps, more for small problems.
//! Use `bundle` instead when there are few rows and no switch, `single` when
//! there is one row.
//! Not for: tolerances below about 1e-9 of the value.
//! Same input gives the same answer: yes; the sweeps run in part order.
//! Differs from the paper: models a part in place of one in all, and rows are
//! weighted by their squared usage so that one reach suits all.

use super::coupling::Coupling;
use super::offers::{Menu, Pricing};
use super::price_model::Start;
use super::repair::for_each_difference;

/// A step counts when it gains this share of what the model promised.
const SERIOUS_SHARE: f64 = 0.1;
/// Fewest and most sweeps allowed, and the usage entries looked at in between.
const FEWEST_SWEEPS: usize = 60;
const MOST_SWEEPS: usize = 3000;
const SWEPT_ENTRIES: usize = 10_000_000;
/// Sweeps end when the program is solved up to this share of the promise.
const SWEEP_SHARE: f64 = 0.05;
/// Pair steps for a part in one sweep.
const PAIR_STEPS: usize = 4;

/// The best prices, the reach, and the weights of the options around them.
pub(super) struct Proximal<'a> {
    coupling: &'a Coupling,
    cost_weight: f64,
    /// Bound of the absolute scaled price.
    most: f64,
    centre: Vec<f64>,
    value: f64,
    /// Scale of each row: root of the squared usages.
    pub scale: Vec<f64>,
    reach: f64,
    promised: f64,
    /// First weight of each part, and the end of the last one.
    start: Vec<usize>,
    weights: Vec<f64>,
    serials: Vec<u32>,
    /// Usage entries of all known options.
    entries: usize,
    /// Fractional open copies of each switch.
    pub open: Vec<f64>,
    /// Usage by the weighted options, and that less what the switches raise.
    usage: Vec<f64>,
    net: Vec<f64>,
    prices: Vec<f64>,
}

/// Prices to ask next, or the news that asking more would gain nothing.
pub(super) enum Next {
    Ask(Vec<f64>),
    Converged,
}

impl<'a> Proximal<'a> {
    /// Starts at prices where the bound is `value`.
    pub fn new(coupling: &'a Coupling, start: Start, value: f64) -> Self {
        let Start { prices: centre, scale, most, reach, cost_weight } = start;
        let rows = coupling.rows().len();
        Proximal {
            coupling,
            cost_weight,
            most,
            prices: centre.clone(),
            centre,
            value,
            scale,
            reach,
            promised: 0.0,
            start: Vec::new(),
            weights: Vec::new(),
            serials: Vec::new(),
            entries: 0,
            open: vec![0.0; coupling.switches().len()],
            usage: vec![0.0; rows],
            net: vec![0.0; rows],
        }
    }

    /// The prices of the highest promise within reach; converged when the
    /// options promise no more than `tolerance` anywhere near.
    pub fn next<M: Menu>(&mut self, menu: &M, answers: impl Fn(usize) -> u32, tolerance: f64) -> Next {
        self.take_in(menu, answers);
        for _ in 0..12 {
            let left = self.solve(menu, tolerance);
            if self.promised > tolerance {
                return Next::Ask(self.prices.clone());
            }
            // The sweeps ran out before the promise was known: more of them.
            if left > tolerance {
                continue;
            }
            let length = |prices: &mut dyn Iterator<Item = f64>| {
                prices
                    .zip(&self.scale)
                    .map(|(price, scale)| (price * scale) * (price * scale))
                    .sum::<f64>()
                    .sqrt()
            };
            let step = length(&mut self.prices.iter().zip(&self.centre).map(|(new, old)| new - old));
            let size = length(&mut self.centre.iter().copied()).max(step);
            if step / self.reach * size <= 10.0 * tolerance {
                return Next::Converged;
            }
            // The promise is small because the reach is: look further.
            self.reach *= 8.0;
        }
        Next::Converged
    }

    /// Takes in the bound at the prices that `next` gave; true when they become the centre.
    pub fn record(&mut self, bound: f64) -> bool {
        let gain = bound - self.value;
        let ratio = if self.promised > 0.0 { gain / self.promised } else { 0.0 };
        // The reach that a parabola through both values would have asked for.
        let fitted = if ratio < 1.0 { 0.5 / (1.0 - ratio) } else { 5.0 };
        let serious = ratio >= SERIOUS_SHARE;
        if serious {
            self.centre.clone_from(&self.prices);
            self.value = bound;
            if ratio > 0.5 {
                self.reach *= fitted.clamp(1.0, 5.0);
            }
        } else if ratio < -1.0 {
            self.reach *= fitted.clamp(0.2, 0.9);
        }
        serious
    }

    /// The option of each part with the most weight: the fractional selection,
    /// rounded; `None` before the first step.
    pub fn heaviest(&self) -> Option<Vec<u32>> {
        let heaviest = |ends: &[usize]| {
            let mut best = ends[0];
            for slot in ends[0]..ends[1] {
                if self.weights[slot] > self.weights[best] {
                    best = slot;
                }
            }
            (best - ends[0]) as u32
        };
        (self.start.len() > 1).then(|| self.start.windows(2).map(heaviest).collect())
    }

    /// Makes weights for options that are new and forgets those that left the
    /// menu; a part without weight starts with its latest answer.
    fn take_in<M: Menu>(&mut self, menu: &M, answers: impl Fn(usize) -> u32) {
        self.entries = 0;
        let known = self.start.len().saturating_sub(1);
        let (mut start, mut weights, mut serials) = (vec![0], Vec::new(), Vec::new());
        for part in 0..menu.parts() {
            let first = weights.len();
            let old = if part < known { self.start[part]..self.start[part + 1] } else { 0..0 };
            for option in 0..menu.options(part) {
                self.entries += menu.usage(part, option as u32).len() + 1;
                let serial = menu.serial(part, option as u32);
                let slot = old.start + option;
                let weight =
                    if slot < old.end && self.serials[slot] == serial { self.weights[slot] } else { 0.0 };
                weights.push(weight);
                serials.push(serial);
            }
            let total: f64 = weights[first..].iter().sum();
            if total > 0.0 {
                weights[first..].iter_mut().for_each(|weight| *weight /= total);
            } else {
                weights[first + answers(part) as usize] = 1.0;
            }
            start.push(weights.len());
        }
        (self.start, self.weights, self.serials) = (start, weights, serials);
    }

    /// Sums the usage of the weighted options again.
    fn sum_usage<M: Menu>(&mut self, menu: &M) {
        self.usage.fill(0.0);
        for part in 0..menu.parts() {
            for slot in self.start[part]..self.start[part + 1] {
                let weight = self.weights[slot];
                if weight > 0.0 {
                    for &(row, amount) in menu.usage(part, (slot - self.start[part]) as u32) {
                        self.usage[row as usize] += weight * amount;
                    }
                }
            }
        }
        self.net.clone_from(&self.usage);
        for (switch, &open) in self.coupling.switches().iter().zip(&self.open) {
            for &(row, amount) in &switch.raises {
                self.net[row as usize] -= amount * open;
            }
        }
    }

    /// How far the price of a row moves for one unit of usage.
    fn step(&self, row: usize) -> f64 {
        self.reach / (self.scale[row] * self.scale[row])
    }

    /// The row's price that belongs to a net usage.
    fn price_at(&self, row: usize, net: f64) -> f64 {
        let shared = &self.coupling.rows()[row];
        let step = self.step(row);
        let most = self.most / self.scale[row];
        let by_upper = self.centre[row] + step * (net - shared.upper);
        let by_lower = self.centre[row] + step * (net - shared.lower);
        if by_upper > 0.0 {
            by_upper.min(most)
        } else if by_lower < 0.0 {
            by_lower.max(-most)
        } else {
            0.0
        }
    }

    /// Maximises the promise less the distance; returns how far it may be from the greatest.
    fn solve<M: Menu>(&mut self, menu: &M, tolerance: f64) -> f64 {
        self.sum_usage(menu);
        for row in 0..self.prices.len() {
            self.prices[row] = self.price_at(row, self.net[row]);
        }
        for switch in 0..self.open.len() {
            self.turn(switch);
        }
        let limit = (SWEPT_ENTRIES / self.entries.max(1)).clamp(FEWEST_SWEEPS, MOST_SWEEPS);
        let mut left = f64::INFINITY;
        for sweep in 1..=limit {
            for part in 0..menu.parts() {
                self.weigh(menu, part);
            }
            for switch in 0..self.open.len() {
                self.turn(switch);
            }
            if sweep % 4 == 0 || sweep == limit {
                left = self.measure(menu);
                if left <= (SWEEP_SHARE * self.promised).max(0.25 * tolerance) {
                    break;
                }
            }
        }
        left
    }

    /// Moves weight from the dearest weighted option of a part to its cheapest.
    fn weigh<M: Menu>(&mut self, menu: &M, part: usize) {
        let first = self.start[part];
        if self.start[part + 1] - first < 2 {
            return;
        }
        for _ in 0..PAIR_STEPS {
            let pricing = Pricing { cost_weight: self.cost_weight, prices: &self.prices };
            let (mut to, mut from) = ((0, f64::INFINITY), (0, f64::NEG_INFINITY));
            for slot in first..self.start[part + 1] {
                let option = (slot - first) as u32;
                let value = pricing.value(menu.cost(part, option), menu.usage(part, option));
                if value < to.1 {
                    to = (option, value);
                }
                if self.weights[slot] > 0.0 && value > from.1 {
                    from = (option, value);
                }
            }
            let drop = from.1 - to.1;
            if drop <= 1e-13 * (from.1.abs() + to.1.abs()) {
                return;
            }
            let (old, new) = (menu.usage(part, from.0), menu.usage(part, to.0));
            let mut curve = 0.0;
            for_each_difference(old, new, |row, delta| curve += self.step(row as usize) * delta * delta);
            let available = self.weights[first + from.0 as usize];
            let step = if curve > 0.0 { (drop / curve).min(available) } else { available };
            self.weights[first + to.0 as usize] += step;
            self.weights[first + from.0 as usize] = if step >= available { 0.0 } else { available - step };
            for_each_difference(old, new, |row, delta| {
                let row = row as usize;
                self.usage[row] += step * delta;
                self.net[row] += step * delta;
                self.prices[row] = self.price_at(row, self.net[row]);
            });
        }
    }

    /// Opens a switch as far as the prices of its rows are worth its cost, by
    /// Newton steps inside a bracket on a piecewise linear function.
    fn turn(&mut self, index: usize) {
        let switch = &self.coupling.switches()[index];
        let cost = self.cost_weight * switch.cost;
        let now = self.open[index];
        // Surplus of the rows' worth over the cost, and its slope, with so many copies open.
        let surplus = |open: f64| {
            let (mut worth, mut curve) = (0.0, 0.0);
            for &(row, amount) in &switch.raises {
                let row = row as usize;
                let price = self.price_at(row, self.net[row] - amount * (open - now));
                worth += amount * price;
                if price != 0.0 && price.abs() < self.most / self.scale[row] {
                    curve += amount * amount * self.step(row);
                }
            }
            (worth - cost, curve)
        };
        let (mut low, mut high) = (0.0, f64::from(switch.copies));
        let mut open = now.clamp(low, high);
        if surplus(low).0 <= 0.0 {
            open = low;
        } else if surplus(high).0 >= 0.0 {
            open = high;
        } else {
            for _ in 0..60 {
                let (excess, curve) = surplus(open);
                if excess > 0.0 {
                    low = open;
                } else {
                    high = open;
                }
                if excess.abs() <= 1e-12 * (1.0 + cost) || high - low <= 1e-14 {
                    break;
                }
                let newton = open + excess / curve;
                open = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            }
        }
        self.open[index] = open;
        for &(row, amount) in &switch.raises {
            let row = row as usize;
            self.net[row] -= amount * (open - now);
            self.prices[row] = self.price_at(row, self.net[row]);
        }
    }

    /// Sets what the options promise at the present prices; returns how far
    /// the weights are from the best ones, in the same unit.
    fn measure<M: Menu>(&mut self, menu: &M) -> f64 {
        let pricing = Pricing { cost_weight: self.cost_weight, prices: &self.prices };
        let (mut promise, mut left) = (0.0, 0.0);
        for part in 0..menu.parts() {
            let (mut least, mut mean) = (f64::INFINITY, 0.0);
            for slot in self.start[part]..self.start[part + 1] {
                let option = (slot - self.start[part]) as u32;
                let value = pricing.value(menu.cost(part, option), menu.usage(part, option));
                least = least.min(value);
                mean += self.weights[slot] * value;
            }
            promise += least;
            left += mean - least;
        }
        for (switch, &open) in self.coupling.switches().iter().zip(&self.open) {
            let worth: f64 =
                switch.raises.iter().map(|&(row, amount)| amount * self.prices[row as usize]).sum();
            let priced = self.cost_weight * switch.cost - worth;
            let least = priced.min(0.0) * f64::from(switch.copies);
            promise += least;
            left += open * priced - least;
        }
        for (row, &price) in self.coupling.rows().iter().zip(&self.prices) {
            if price != 0.0 {
                promise -= price * row.priced_limit(price);
            }
        }
        self.promised = promise - self.value;
        left
    }
}

#[cfg(test)]
mod tests {
    use super::super::candidates::Candidates;
    use super::super::coupling::{SharedRow, Switch};
    use super::*;

    /// With all options known the model is the dual itself: steps lead to its peak.
    #[test]
    fn reaches_the_peak_when_all_options_are_known() {
        let mut candidates = Candidates::default();
        for gain in [6.0, 4.0] {
            candidates.add(0.0, &[]);
            candidates.add(-gain, &[(0, 1.0)]);
            candidates.end_part();
        }
        let switch = Switch { label: "line".into(), cost: 3.0, copies: 1, raises: vec![(0, 1.5)] };
        let coupling = Coupling::new(vec![SharedRow::at_most("row", 0.0)], vec![switch]).unwrap_or_default();
        let (prices, scale) = (vec![0.0], vec![1.0]);
        let start = Start { prices, scale, most: f64::INFINITY, reach: 1.0, cost_weight: 1.0 };
        let mut proximal = Proximal::new(&coupling, start, -10.0);
        let mut steps = 0;
        while let Next::Ask(prices) = proximal.next(&&candidates, |_| 1, 1e-9) {
            let price = prices[0];
            let value = (price - 6.0).min(0.0) + (price - 4.0).min(0.0) + (3.0 - 1.5 * price).min(0.0);
            proximal.record(value);
            steps += 1;
            assert!(steps < 100);
        }
        // At a price of 4 both parts are in, or the second out: 4 - 6 + 3 - 6.
        assert!((proximal.value + 5.0).abs() < 1e-6, "{}", proximal.value);
        assert!((proximal.centre[0] - 4.0).abs() < 1e-6, "{}", proximal.centre[0]);
    }
}
