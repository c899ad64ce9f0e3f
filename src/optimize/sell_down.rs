//! Given units to be gone after some stages, choose in each stage one of a few
//! levels, each with a reward a unit and a distribution of how many units go, so
//! that the expected reward is greatest.
//!
//! Method: backward induction over stage, level before and units left; G. Gallego
//! and G. van Ryzin (1994), "Optimal Dynamic Pricing of Inventories with Stochastic
//! Demand over Finite Horizons", doi:10.1287/mnsc.40.8.999. Parts that share an
//! expected charge are solved against a price of it, found by bisection (Everett
//! 1963, doi:10.1287/opre.11.3.399); every price gives a bound.
//! Cost: O(stages x levels x units x width) time a part and price, where width is the
//! units likely to go in a stage; O(stages x levels x units) memory.
//! Use [`inventory`](super::inventory) instead where units can be ordered again.
//! Not for: rates that depend on what other parts do.
//! Same input gives the same answer: yes, on any number of threads.

use rayon::prelude::*;
use statrs::function::gamma::ln_gamma;

use crate::control::Control;

/// What one level does in a stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Reward of a unit that goes.
    pub reward: f64,
    /// What a unit that goes takes of the shared limit, 0 or more.
    pub charge: f64,
    /// Mean units asked for in a stage, 0 or more.
    pub rate: f64,
}

/// Units to be sold down.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Units at the start.
    pub units: usize,
    /// Stages.
    pub stages: usize,
    /// Levels; the first one was in force before.
    pub levels: Vec<Level>,
    /// Whether a level may only be followed by itself and later ones.
    pub one_way: bool,
    /// Reward of a unit left at the end.
    pub left: f64,
    /// Variance of the units asked for beyond their mean, over its square; 0: Poisson, else negative binomial.
    pub dispersion: f64,
}

/// What to do in every state.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Expected reward, what is left included.
    pub reward: f64,
    /// Expected charge.
    pub charge: f64,
    /// Price of a unit of charge that the policy is best at.
    pub price: f64,
    units: usize,
    levels: usize,
    befores: usize,
    /// By stage, level before (one where it does not matter) and units.
    choice: Vec<u16>,
    /// Expected reward from a stage on, less the price of its charge, by stage, level and units.
    worth: Vec<f64>,
    /// Expected charge from a stage on, likewise.
    charges: Vec<f64>,
}

impl Policy {
    /// The level of a stage, given the level before and the units there are.
    ///
    /// # Panics
    /// Where there is no such stage, level or number of units.
    #[must_use]
    pub fn choice(&self, stage: usize, before: usize, units: usize) -> usize {
        let before = before.min(self.befores - 1);
        usize::from(self.choice[(stage * self.befores + before) * (self.units + 1) + units])
    }

    /// Expected reward (less the price of its charge) of a level taken in a stage, the best ones after.
    ///
    /// # Panics
    /// As [`Policy::choice`].
    #[must_use]
    pub fn worth(&self, stage: usize, level: usize, units: usize) -> f64 {
        self.worth[(stage * self.levels + level) * (self.units + 1) + units]
    }

    /// Expected charge of a level taken in a stage, the best ones after.
    ///
    /// # Panics
    /// As [`Policy::choice`].
    #[must_use]
    pub fn charge_of(&self, stage: usize, level: usize, units: usize) -> f64 {
        self.charges[(stage * self.levels + level) * (self.units + 1) + units]
    }
}

/// Probability below which a number of units counts as never asked for.
const NEVER: f64 = 1e-15;

/// Probabilities that 0, 1, … units are asked for, up to `most`; what is beyond is what is missing to 1.
///
/// ```
/// use purvey::optimize::sell_down::probabilities;
/// let poisson = probabilities(2.0, 0.0, 1);
/// assert!((poisson[0] - (-2.0_f64).exp()).abs() < 1e-12 && (poisson[1] / poisson[0] - 2.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn probabilities(mean: f64, dispersion: f64, most: usize) -> Vec<f64> {
    let log = |units: f64| {
        if mean <= 0.0 {
            return if units > 0.0 { f64::NEG_INFINITY } else { 0.0 };
        }
        if dispersion * mean <= NO_EXCESS {
            return units * mean.ln() - mean - ln_gamma(units + 1.0);
        }
        let shape = 1.0 / dispersion;
        let stay = (shape / (shape + mean)).ln();
        let go = (mean / (shape + mean)).ln();
        ln_gamma(units + shape) - ln_gamma(shape) - ln_gamma(units + 1.0) + shape * stay + units * go
    };
    (0..=most).map(|units| log(units as f64).exp()).collect()
}

/// The best policy where a unit of charge costs `price`.
///
/// A part without levels earns what its units bring when left.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::sell_down::{Level, Part, best};
/// // One unit, one stage: the dear level goes with probability 0.1, the cheap one with 0.86.
/// let level = |reward, rate| Level { reward, charge: 0.0, rate };
/// let part = Part {
///     units: 1, stages: 1, levels: vec![level(10.0, 0.1), level(6.0, 2.0)], one_way: true, left: 0.0, dispersion: 0.0,
/// };
/// let policy = best(&part, 0.0);
/// assert_eq!(policy.choice(0, 0, 1), 1);
/// assert!((policy.reward - 6.0 * (1.0 - (-2.0_f64).exp())).abs() < 1e-12);
/// ```
#[must_use]
pub fn best(part: &Part, price: f64) -> Policy {
    let (states, levels) = (part.units + 1, part.levels.len());
    let befores = if part.one_way { levels.max(1) } else { 1 };
    let asked: Vec<Asked> = part.levels.iter().map(|level| Asked::new(level.rate, part)).collect();
    let mut policy = Policy {
        reward: 0.0,
        charge: 0.0,
        price,
        units: part.units,
        levels,
        befores,
        choice: vec![0; part.stages * befores * states],
        worth: vec![0.0; part.stages * levels * states],
        charges: vec![0.0; part.stages * levels * states],
    };
    // Net of the price, and the charge alone, by level before and units.
    let mut net: Vec<f64> = (0..befores * states).map(|at| part.left * (at % states) as f64).collect();
    let mut charge = vec![0.0; befores * states];
    for stage in (0..part.stages).rev().filter(|_| levels > 0) {
        let here = stage * levels * states..(stage + 1) * levels * states;
        let (worth, taken) = (&mut policy.worth[here.clone()], &mut policy.charges[here]);
        for (at, level) in part.levels.iter().enumerate() {
            let after = at.min(befores - 1) * states;
            let after = after..after + states;
            let gain = level.reward - price * level.charge;
            asked[at].expect(gain, &net[after.clone()], &mut worth[at * states..(at + 1) * states]);
            asked[at].expect(level.charge, &charge[after], &mut taken[at * states..(at + 1) * states]);
        }
        let choice = &mut policy.choice[stage * befores * states..(stage + 1) * befores * states];
        for before in 0..befores {
            for units in 0..states {
                let open = if part.one_way { before..levels } else { 0..levels };
                let first = open.start;
                let better = |best: usize, at: usize| {
                    if worth[at * states + units] > worth[best * states + units] { at } else { best }
                };
                let chosen = open.fold(first, better);
                choice[before * states + units] = chosen as u16;
                net[before * states + units] = worth[chosen * states + units];
                charge[before * states + units] = taken[chosen * states + units];
            }
        }
    }
    policy.charge = charge[part.units];
    policy.reward = net[part.units] + price * policy.charge;
    policy
}

/// How many units are asked for at a level.
struct Asked {
    /// Probabilities from `first` on.
    likely: Vec<f64>,
    first: usize,
    /// Probability that as many units or more are asked for, by units.
    at_least: Vec<f64>,
}

impl Asked {
    fn new(rate: f64, part: &Part) -> Self {
        let all = probabilities(rate, part.dispersion, part.units);
        let mut below = 0.0;
        let mut at_least = Vec::with_capacity(all.len());
        for probability in &all {
            at_least.push(1.0_f64 - below);
            below += probability;
        }
        at_least.iter_mut().for_each(|share| *share = share.max(0.0));
        let is_likely = |probability: &f64| *probability > NEVER;
        let first = all.iter().position(is_likely).unwrap_or(all.len());
        let end = all.iter().rposition(is_likely).map_or(first, |last| last + 1);
        Asked { likely: all[first..end].to_vec(), first, at_least }
    }

    /// Expected `gain` a unit that goes plus what follows, by units there are.
    fn expect(&self, gain: f64, after: &[f64], out: &mut [f64]) {
        for (units, slot) in out.iter_mut().enumerate() {
            let some = self.likely.iter().zip(self.first..units);
            let within: f64 =
                some.map(|(share, gone)| share * (gain * gone as f64 + after[units - gone])).sum();
            *slot = within + self.at_least[units] * (gain * units as f64 + after[0]);
        }
    }
}

/// Policies of parts that share an expected charge.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// By part.
    pub policies: Vec<Policy>,
    /// Expected reward of all.
    pub reward: f64,
    /// Expected charge of all.
    pub charge: f64,
    /// No policies within the budget have a higher expected reward.
    pub bound: f64,
    /// What one more unit of the budget is worth.
    pub price: f64,
}

/// Variance in excess of the mean, as a share of it, below which demand is Poisson's to the last digit that counts.
const NO_EXCESS: f64 = 1e-6;
/// Bisections of the price.
const STEPS: usize = 40;

/// Policies with the highest expected reward whose expected charges keep a budget together, up to the bound's gap;
/// `None`: no limit. `None` comes back where no policies keep it.
#[must_use]
pub fn best_within(parts: &[Part], budget: Option<f64>, control: &Control) -> Option<Shared> {
    let at = |price: f64| -> Vec<Policy> {
        control.install(|| parts.par_iter().map(|part| best(part, price)).collect())
    };
    let free = at(0.0);
    let total = |policies: &[Policy], of: fn(&Policy) -> f64| policies.iter().map(of).sum::<f64>();
    let charge = |policies: &[Policy]| total(policies, |policy| policy.charge);
    let reward = |policies: &[Policy]| total(policies, |policy| policy.reward);
    let Some(budget) = budget.filter(|&budget| charge(&free) > budget) else {
        let (reward, charge) = (reward(&free), charge(&free));
        return Some(Shared { policies: free, reward, charge, bound: reward, price: 0.0 });
    };
    let bound_of = |policies: &[Policy], price: f64| reward(policies) - price * (charge(policies) - budget);
    let (mut low, mut cheap) = (0.0, free);
    let mut bound = bound_of(&cheap, low);
    let mut high = 1.0;
    let mut kept = at(high);
    // Beyond a millionth of anything a unit can earn nothing changes any more.
    while charge(&kept) > budget {
        bound = bound.min(bound_of(&kept, high));
        if high > 1e12 {
            return None;
        }
        (low, cheap) = (high, kept);
        high *= 4.0;
        kept = at(high);
    }
    bound = bound.min(bound_of(&kept, high));
    for _ in 0..STEPS {
        if control.should_stop() || high - low <= 1e-9 * high {
            break;
        }
        let middle = 0.5 * (low + high);
        let policies = at(middle);
        bound = bound.min(bound_of(&policies, middle));
        if charge(&policies) > budget {
            (low, cheap) = (middle, policies);
        } else {
            (high, kept) = (middle, policies);
        }
    }
    fill(&mut kept, &cheap, budget);
    let (reward, charge) = (reward(&kept), charge(&kept));
    Some(Shared { policies: kept, reward, charge, bound: bound.max(reward), price: high })
}

/// Takes dearer policies where the budget has room left, those first that earn most for it.
fn fill(kept: &mut [Policy], dearer: &[Policy], budget: f64) {
    let mut room = budget - kept.iter().map(|policy| policy.charge).sum::<f64>();
    let step = |at: usize, kept: &[Policy]| {
        (dearer[at].reward - kept[at].reward, dearer[at].charge - kept[at].charge)
    };
    let mut order: Vec<(f64, usize)> = (0..kept.len())
        .map(|at| (at, step(at, kept)))
        .filter(|(_, (gain, cost))| *gain > 0.0 && *cost > 0.0)
        .map(|(at, (gain, cost))| (gain / cost, at))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in order {
        let cost = step(at, kept).1;
        if cost <= room {
            kept[at] = dearer[at].clone();
            room -= cost;
        }
    }
}

#[cfg(test)]
mod tests;
