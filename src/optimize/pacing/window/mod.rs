//! Given curves whose amounts go on working in later periods, split a budget over curves and periods so that
//! all brings most, under limits of periods, of curves, and of change from a period to the next.
//!
//! ```text
//! level_r    = before_r + sum over periods t of weight_(r - t) x_t
//! maximise   sum over curves and periods r of a level_r^s / (level_r^s + k^s)  -  cost x sum of x
//! subject to sum of x <= budget,  lower_t <= x_t <= upper_t,  least <= sum of x over a curve <= most,
//!            |x_t - x_(t - 1)| <= change,  least_t <= sum of x over a period <= most_t
//! ```
//! Periods r go on after the last one until nothing works any more, so that what comes after counts.
//!
//! Method: for s <= 1 the problem is concave and solved by a primal-dual interior point method (`interior.rs`), with a bound
//! from its multipliers. For s > 1 the least concave cover of each curve gives the bound; a plan is
//! found from it by putting what each curve gets into pulses (`rounding.rs`) and then by the
//! convex-concave procedure (A. L. Yuille, A. Rangarajan 2003, doi:10.1162/08997660360581958), each round
//! of which is one concave problem and loses nothing. Amounts in steps are rounded down and topped up.
//! Cost: some 20 to 40 factorisations of O(curves x periods^3), memory O(curves x periods^2).
//! Use [`split_budget`](crate::optimize::allocation::split_budget) instead for one period.
//! Not for: curves that work on each other; more than 50 million curves x periods^2.
//! Same input and work limit give the same answer: yes; a time limit may end it earlier.

mod interior;
mod model;
mod rounding;
#[cfg(test)]
mod tests;

use crate::control::Control;
use crate::optimize::stop_reason;
use crate::solution::{Outcome, SolutionStatus, Termination};
use interior::{Interior, Point};
use model::Model;

/// One curve over the periods.
#[derive(Debug, Clone, PartialEq)]
pub struct PacedCurve {
    /// What an unlimited level brings in a period; 0 and above.
    pub a: f64,
    /// The level that brings half of it; above 0.
    pub k: f64,
    /// Shape: concave up to 1, S-shaped above; above 0.
    pub s: f64,
    /// Share of an amount that works so many periods later; at least one, each 0 or more.
    pub weights: Vec<f64>,
    /// Level that earlier amounts leave in the first periods; 0 in those after.
    pub before: Vec<f64>,
    /// Least amount by period.
    pub lower: Vec<f64>,
    /// Greatest amount by period.
    pub upper: Vec<f64>,
    /// Least amount in all.
    pub least: f64,
    /// Greatest amount in all; may be infinite.
    pub most: f64,
    /// Greatest change from a period to the next; may be infinite.
    pub change: f64,
    /// Amounts are multiples of it; 0 for any amount.
    pub step: f64,
}

/// Curves, periods and what they share.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// The curves.
    pub curves: Vec<PacedCurve>,
    /// Least and greatest amount of all curves by period; the greatest may be infinite.
    pub periods: Vec<(f64, f64)>,
    /// Most in all.
    pub budget: f64,
    /// What a unit of amount costs, in units of what curves bring; 0 where the budget is there to be spent.
    pub cost: f64,
}

/// Amounts by curve and period.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowSplit {
    /// Status; objective and bound are over what earlier amounts bring by themselves.
    pub outcome: Outcome,
    /// By curve, then by period; empty where there is no plan.
    pub amounts: Vec<Vec<f64>>,
    /// What one more unit of budget brings.
    pub price: f64,
    /// Budget that stays unspent.
    pub left: f64,
}

/// Why a window cannot be planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// A number of a curve outside its range.
    #[error("curve {curve} has {name} = {value}; it must be {range}")]
    Curve {
        /// Which curve.
        curve: usize,
        /// Which number.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A number of the window outside its range.
    #[error("{name} is {value}; it must be {range}")]
    Number {
        /// Which number.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
}

/// Most curves x periods^2.
const LARGEST: usize = 50_000_000;
/// Relative gap at which a plan is called the best.
const PROVED: f64 = 1e-6;
/// Distance of plan and bound, over the value, of the plan that gives the bound, and of a round.
const EXACT: f64 = 2e-7;
const ROUGH: f64 = 1e-5;
/// Rounds of the convex-concave procedure.
const ROUNDS: usize = 6;
/// Relative gain of a round that is not worth another.
const STALE: f64 = 1e-4;

impl Window {
    /// Plans.
    ///
    /// # Errors
    /// [`WindowError`] where a number is outside its range.
    ///
    /// ```
    /// use purvey::control::Control;
    /// use purvey::optimize::pacing::{PacedCurve, Window};
    /// let curve = PacedCurve {
    ///     a: 100.0, k: 10.0, s: 1.0, weights: vec![0.5, 0.5], before: vec![], lower: vec![0.0; 2],
    ///     upper: vec![50.0; 2], least: 0.0, most: f64::INFINITY, change: f64::INFINITY, step: 0.0,
    /// };
    /// let window = Window { curves: vec![curve], periods: vec![(0.0, f64::INFINITY); 2], budget: 20.0, cost: 0.0 };
    /// let split = window.split(&Control::default())?;
    /// assert!((split.amounts[0][0] - 10.0).abs() < 0.1);
    /// # Ok::<(), purvey::optimize::pacing::WindowError>(())
    /// ```
    pub fn split(&self, control: &Control) -> Result<WindowSplit, WindowError> {
        self.verify()?;
        let control = control.started();
        if self.is_impossible() {
            return Ok(without(Termination::Infeasible));
        }
        Ok(control.install(|| self.solve(&control)))
    }

    /// What amounts bring over what earlier ones bring by themselves, less their cost.
    #[must_use]
    pub fn value(&self, amounts: &[Vec<f64>]) -> f64 {
        let spent: f64 = amounts.iter().flatten().sum();
        let each = self.curves.iter().zip(amounts);
        each.map(|(curve, own)| curve.brings(own)).sum::<f64>() - self.cost * spent
    }

    fn solve(&self, control: &Control) -> WindowSplit {
        let model = Model::new(self);
        let cover = model.cover();
        let Some(best) = Interior::new(&model, &cover, control, EXACT * model.scale()).solve() else {
            let reason = stop_reason(control, 0, 0);
            return without(reason.unwrap_or(Termination::Stalled));
        };
        let bound = model.bound(&cover, &best);
        let mut plan = best.clone();
        let is_concave = self.curves.iter().all(|curve| curve.s <= 1.0);
        if !is_concave {
            plan = self.improve(&model, best.clone(), bound, control);
        }
        let mut amounts = model.amounts(&plan.x);
        if self.curves.iter().any(|curve| curve.step > 0.0) {
            match rounding::in_steps(self, &amounts) {
                Some(stepped) => amounts = stepped,
                None => return without(Termination::Stalled),
            }
        }
        self.told(amounts, bound, model.price(&plan), control)
    }

    /// Pulses at the prices of the cover's plan, then rounds of the convex-concave procedure.
    fn improve(&self, model: &Model, start: Point, bound: f64, control: &Control) -> Point {
        let pulses = rounding::pulses(self, model, &start);
        let mut found = start;
        let mut worth = self.value(&model.amounts(&found.x));
        let mut at = pulses;
        for _ in 0..ROUNDS {
            let gap = (bound - worth) / worth.abs().max(1e-12);
            if gap <= control.limits.gap.max(PROVED) || control.should_stop() {
                break;
            }
            let minorant = model.minorant(&at);
            let Some(next) = Interior::new(model, &minorant, control, ROUGH * model.scale()).solve() else {
                break;
            };
            let value = self.value(&model.amounts(&next.x));
            at.clone_from(&next.x);
            if value <= worth + STALE * worth.abs() {
                if value > worth {
                    found = next;
                }
                break;
            }
            (worth, found) = (value, next);
        }
        found
    }

    fn told(&self, amounts: Vec<Vec<f64>>, bound: f64, price: f64, control: &Control) -> WindowSplit {
        let objective = self.value(&amounts);
        // A bound that is no number bounds nothing.
        let bound = if bound.is_nan() { f64::INFINITY } else { bound.max(objective) };
        let gap = (bound - objective) / objective.abs().max(1e-12);
        let termination = match stop_reason(control, 0, 0) {
            _ if gap <= PROVED => Termination::Optimal,
            _ if gap <= control.limits.gap => Termination::TargetGap,
            Some(reason) => reason,
            None => Termination::Stalled,
        };
        let is_best = termination == Termination::Optimal;
        let spent: f64 = amounts.iter().flatten().sum();
        WindowSplit {
            outcome: Outcome {
                termination,
                solution_status: if is_best { SolutionStatus::Optimal } else { SolutionStatus::Feasible },
                objective: Some(objective),
                bound: Some(bound),
            },
            amounts,
            price,
            left: (self.budget - spent).max(0.0),
        }
    }

    /// Whether sums of limits alone leave no plan.
    fn is_impossible(&self) -> bool {
        let hair = |limit: f64| limit * (1.0 + 1e-9) + 1e-12;
        let sums = |c: &PacedCurve| {
            (c.lower.iter().sum::<f64>().max(c.least), c.upper.iter().sum::<f64>().min(c.most))
        };
        let curves: Vec<(f64, f64)> = self.curves.iter().map(sums).collect();
        let least: f64 = curves.iter().map(|(least, _)| least).sum();
        let most: f64 = curves.iter().map(|(_, most)| most).sum();
        let asked: f64 = self.periods.iter().map(|(least, _)| least).sum();
        let of = |t: usize, end: fn(&PacedCurve) -> &Vec<f64>| -> f64 {
            self.curves.iter().map(|c| end(c)[t]).sum()
        };
        let is_broken = |(t, &(least, most)): (usize, &(f64, f64))| {
            of(t, |c| &c.lower) > hair(most) || of(t, |c| &c.upper) < least - 1e-9 * least
        };
        curves.iter().any(|(least, most)| *least > hair(*most))
            || least > hair(self.budget)
            || asked > hair(self.budget.min(most))
            || self.periods.iter().enumerate().any(is_broken)
    }

    fn verify(&self) -> Result<(), WindowError> {
        let count = self.periods.len();
        let number = |name, value, is_sound: bool, range| {
            if is_sound { Ok(()) } else { Err(WindowError::Number { name, value, range }) }
        };
        let size = count.saturating_mul(count).saturating_mul(self.curves.len());
        number("curves x periods^2", size as f64, size <= LARGEST, "at most 50,000,000")?;
        number("periods", count as f64, count > 0, "1 or more")?;
        number(
            "budget",
            self.budget,
            self.budget.is_finite() && self.budget >= 0.0,
            "a finite number of 0 or more",
        )?;
        number("cost", self.cost, self.cost.is_finite() && self.cost >= 0.0, "a finite number of 0 or more")?;
        for &(least, most) in &self.periods {
            number(
                "the least of a period",
                least,
                least.is_finite() && least >= 0.0,
                "a finite number of 0 or more",
            )?;
            number("the greatest of a period", most, most >= least, "at least the least")?;
        }
        self.curves.iter().enumerate().try_for_each(|(at, curve)| curve.verify(at, count))
    }
}

impl PacedCurve {
    /// Levels in all periods and those after, while amounts work.
    fn levels(&self, amounts: &[f64]) -> Vec<f64> {
        let rows = amounts.len() + self.weights.len() - 1;
        let mut levels = self.before.clone();
        levels.resize(rows.max(self.before.len()), 0.0);
        for (t, &x) in amounts.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            levels[t..].iter_mut().zip(&self.weights).for_each(|(level, weight)| *level += weight * x);
        }
        levels
    }

    /// What a level brings in a period.
    #[must_use]
    pub fn at(&self, level: f64) -> f64 {
        if level <= 0.0 { 0.0 } else { self.a / (1.0 + (self.k / level).powf(self.s)) }
    }

    /// What amounts bring in the periods and after them, over what earlier amounts bring by themselves.
    #[must_use]
    pub fn brings(&self, amounts: &[f64]) -> f64 {
        let all = self.levels(amounts).iter().map(|&level| self.at(level)).sum::<f64>();
        all - self.before.iter().map(|&level| self.at(level)).sum::<f64>()
    }

    /// What is brought by period, and after the last one, in all that works: with earlier amounts.
    #[must_use]
    pub fn by_period(&self, amounts: &[f64]) -> (Vec<f64>, f64) {
        let mut brought: Vec<f64> = self.levels(amounts).iter().map(|&level| self.at(level)).collect();
        let after = brought.split_off(amounts.len().min(brought.len())).iter().sum();
        (brought, after)
    }

    fn verify(&self, curve: usize, periods: usize) -> Result<(), WindowError> {
        let number = |name, value: f64, is_sound: bool, range| {
            if is_sound && !value.is_nan() {
                Ok(())
            } else {
                Err(WindowError::Curve { curve, name, value, range })
            }
        };
        let is_amount = |value: f64| value.is_finite() && value >= 0.0;
        number("a", self.a, is_amount(self.a), "a finite number of 0 or more")?;
        number("k", self.k, self.k.is_finite() && self.k > 0.0, "above 0")?;
        number("s", self.s, self.s.is_finite() && self.s > 0.0, "above 0")?;
        number("step", self.step, is_amount(self.step), "a finite number of 0 or more")?;
        number("least", self.least, is_amount(self.least), "a finite number of 0 or more")?;
        number("most", self.most, self.most >= self.least, "at least least")?;
        number("change", self.change, self.change >= 0.0, "0 or more")?;
        let lengths = [(&self.lower, "lower"), (&self.upper, "upper")];
        for (list, name) in lengths {
            number(name, list.len() as f64, list.len() == periods, "one number for each period")?;
        }
        number("weights", self.weights.len() as f64, !self.weights.is_empty(), "one number at least")?;
        for (name, list) in [("weights", &self.weights), ("before", &self.before), ("lower", &self.lower)] {
            list.iter().try_for_each(|&value| {
                number(name, value, is_amount(value), "finite numbers of 0 or more")
            })?;
        }
        for (&lower, &upper) in self.lower.iter().zip(&self.upper) {
            number("upper", upper, upper.is_finite() && upper >= lower, "at least lower")?;
        }
        Ok(())
    }
}

fn without(termination: Termination) -> WindowSplit {
    WindowSplit {
        outcome: Outcome::without_answer(termination),
        amounts: Vec::new(),
        price: f64::NAN,
        left: f64::NAN,
    }
}
