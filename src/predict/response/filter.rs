//! Given a fitted response and new rows of sales, find what the response is now.
//!
//! Method: the Kalman filter (Kalman 1960, doi:10.1115/1.3662552) on levels of groups and coefficients,
//! which is recursive Bayesian regression: without drift it gives what a regression on all rows gives. The
//! level of a group is kept as its distribution given the coefficients, so a row costs no more with many
//! groups. Levels drift as the half-life of the fit says (a local level with the same smoothing), the own
//! elasticity by a stated variance, about the price at which the level was measured. Counts are taken in at the mode of quasi-Poisson likelihood and belief
//! (West, Harrison and Migon 1985, doi:10.1080/01621459.1985.10477131). Innovations are watched (`watch.rs`).
//! Cost: O(k^2) time a row, O(groups) a period, O(k^2 + groups k) memory, with k = coefficients.
//! Use [`fit`](super::fit) instead after an alarm, and where rows of the past change.
//! Not for: periods of which only a part is known.
//! Same input gives the same answer: yes.

use super::design::Columns;
use super::watch::{Alarm, Watch};
use super::{Elasticity, ONE_PRICE, Question, Response};

/// How a response may move between periods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Whether levels of groups move as the half-life of the fit says.
    pub levels: bool,
    /// Variance that the own elasticity gains in a period.
    pub elasticity: f64,
    /// Periods between two false alarms of a product whose response does not move otherwise, on average.
    pub false_alarm_periods: f64,
}

impl Default for Drift {
    /// Levels move, the elasticity by 0.2 in 52 periods, a false alarm in 1000.
    fn default() -> Self {
        Drift { levels: true, elasticity: 0.04 / 52.0, false_alarm_periods: 1000.0 }
    }
}

/// Level of a group given the coefficients: normal with mean `intercept + lean . beta`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub intercept: f64,
    pub lean: Vec<f64>,
    pub variance: f64,
    /// Own slope over that of the product.
    pub slope: f64,
    /// Variance gained in a period.
    pub drift: f64,
}

/// What is known of a response: coefficients and levels, as a normal distribution.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) columns: Columns,
    pub(super) beta: Vec<f64>,
    pub(super) covariance: Vec<f64>,
    pub(super) groups: Vec<Group>,
    /// Variance of a row of weight 1.
    pub(super) noise: f64,
    /// Whether quantities are counts, whose variance grows with their mean.
    pub(super) counts: bool,
    /// Mean of quantity over its predicted median.
    pub(super) smear: f64,
}

/// A response that takes in new rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    state: State,
    period: f64,
    drift: Drift,
    watch: Watch,
    taken: usize,
    /// Sum of squares of how far own prices taken in lie from where levels were measured.
    levered: f64,
    x: Vec<f64>,
}

/// What a row is against what was foreseen.
struct Innovation {
    /// Standardised.
    value: f64,
    /// How far the own price lies from where the group's level was measured.
    lever: f64,
}

/// Rounds of the search for the mode of a count.
const ROUNDS: usize = 30;
/// Logarithms of means that are still counted.
const COUNTED: (f64, f64) = (-12.0, 25.0);

impl State {
    pub fn coefficient(&self, at: usize) -> Elasticity {
        let variance = self.covariance[at * self.beta.len() + at];
        Elasticity { value: self.beta[at], error: variance.max(0.0).sqrt() }
    }

    /// Median demand.
    pub fn median(&self, question: &Question<'_>) -> f64 {
        let mut x = vec![0.0; self.beta.len()];
        self.columns.fill(question, &mut x);
        let group = self.groups.get(question.group as usize);
        group.map_or_else(|| self.line(&self.usual(), &x), |group| self.line(group, &x)).exp()
    }

    /// Mean demand.
    pub fn mean(&self, question: &Question<'_>) -> f64 {
        self.smear * self.median(question)
    }

    /// A group beyond those known: like the others, as far as these are alike.
    fn usual(&self) -> Group {
        let (count, mut usual) = (self.groups.len().max(1) as f64, self.unknown());
        for group in &self.groups {
            usual.intercept += group.intercept / count;
            usual.drift += group.drift / count;
            usual.lean.iter_mut().zip(&group.lean).for_each(|(sum, lean)| *sum += lean / count);
        }
        let level = |group: &Group| group.intercept + dot(&group.lean, &self.beta);
        let middle = level(&usual);
        let spread: f64 = self.groups.iter().map(|group| (level(group) - middle).powi(2)).sum();
        let own: f64 = self.groups.iter().map(|group| group.variance).sum();
        usual.variance = (spread + own) / count + if self.groups.len() > 1 { 0.0 } else { 1.0 };
        usual
    }

    fn unknown(&self) -> Group {
        Group { intercept: 0.0, lean: vec![0.0; self.beta.len()], variance: 1.0, slope: 0.0, drift: 0.0 }
    }

    fn line(&self, group: &Group, x: &[f64]) -> f64 {
        group.intercept + dot(&group.lean, &self.beta) + dot(x, &self.beta) + group.slope * x[0]
    }

    /// What a quantity says of the logarithm of demand, foreseen as `line` with variance `known`.
    fn seen(&self, line: f64, known: f64, quantity: Option<f64>) -> Seen {
        let mean = |line: f64| line.clamp(COUNTED.0, COUNTED.1).exp();
        let noise = if self.counts { self.noise / mean(line) } else { self.noise };
        let Some(quantity) = quantity else { return Seen { off: 0.0, noise, standardised: 0.0 } };
        let standardised = |off: f64| off / (known + noise).sqrt().max(f64::MIN_POSITIVE);
        if !self.counts {
            // A first period without a sale says that demand is low, not that it is gone.
            let off = if quantity > 0.0 { quantity.ln() - line } else { -1.0 };
            return Seen { off, noise, standardised: standardised(off) };
        }
        let mut mode = line;
        for _ in 0..ROUNDS {
            let slope = (quantity - mean(mode)) / self.noise - (mode - line) / known.max(f64::MIN_POSITIVE);
            let step = slope / (mean(mode) / self.noise + 1.0 / known.max(f64::MIN_POSITIVE));
            mode += step.clamp(-2.0, 2.0);
            if step.abs() < 1e-10 {
                break;
            }
        }
        let there = mean(mode);
        Seen {
            off: mode + (quantity - there) / there - line,
            noise: self.noise / there,
            standardised: standardised((quantity - mean(line)) / mean(line)),
        }
    }
}

impl Filter {
    /// The response as it was fitted, known up to `period`.
    #[must_use]
    pub fn new(response: &Response, period: f64, drift: Drift) -> Self {
        let mut state = response.state.clone();
        if !drift.levels {
            state.groups.iter_mut().for_each(|group| group.drift = 0.0);
        }
        Filter {
            x: vec![0.0; state.beta.len()],
            state,
            period,
            drift,
            watch: Watch::new(drift.false_alarm_periods, response.shared),
            taken: 0,
            levered: 0.0,
        }
    }

    /// The own elasticity.
    #[must_use]
    pub fn own(&self) -> Elasticity {
        self.state.coefficient(0)
    }

    /// To the price of rival number `at`.
    #[must_use]
    pub fn rival(&self, at: usize) -> Elasticity {
        self.state.coefficient(1 + at)
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// The same with another standard error of the own elasticity, bound to all else as it is.
    #[must_use]
    pub fn with_own_error(mut self, error: f64) -> Self {
        let count = self.state.beta.len();
        let times = error / self.own().error.max(f64::MIN_POSITIVE);
        for at in 0..count {
            self.state.covariance[at * count] *= times;
            self.state.covariance[at] *= times;
        }
        self
    }

    /// Rows taken in since the fit.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Whether own prices that differ from those of the level were taken in, so that these tell the elasticity.
    #[must_use]
    pub fn has_moved(&self) -> bool {
        self.levered > ONE_PRICE * ONE_PRICE
    }

    /// The period up to which it is known.
    #[must_use]
    pub fn period(&self) -> f64 {
        self.period
    }

    /// Median demand.
    #[must_use]
    pub fn median(&self, question: &Question<'_>) -> f64 {
        self.state.median(question)
    }

    /// Mean demand.
    #[must_use]
    pub fn mean(&self, question: &Question<'_>) -> f64 {
        self.state.mean(question)
    }

    /// Takes in the rows of one period, each with its quantity; the alarms that they set off.
    ///
    /// A period before the last one taken counts as that one.
    ///
    /// ```
    /// use purvey::predict::response::{Drift, Filter, Question, ResponseOptions, Sold, fit};
    /// let price: Vec<f64> = (0..40).map(|week| 2.0 + 0.25 * f64::from(week % 4)).collect();
    /// let quantity = price.iter().map(|p| 100.0 * p.powf(-3.0)).collect();
    /// let period = (0..40).map(f64::from).collect();
    /// let sold = Sold { group: vec![0; 40], period, quantity, price, ..Sold::default() };
    /// let mut filter = Filter::new(&fit(&[sold], &ResponseOptions::default())[0], 39.0, Drift::default());
    /// let question = Question { group: 0, period: 40.0, price: 2.0, rivals: &[], covariates: &[] };
    /// let before = filter.median(&question);
    /// filter.take(&[(question, 2.0 * before)]);
    /// assert!(filter.median(&question) > 1.05 * before && filter.taken() == 1);
    /// ```
    pub fn take(&mut self, rows: &[(Question<'_>, f64)]) -> Vec<Alarm> {
        let Some(period) = rows.first().map(|(question, _)| question.period) else { return Vec::new() };
        self.pass(period - self.period);
        self.period = self.period.max(period);
        let mut sums = [0.0; 3];
        for (question, quantity) in rows {
            let innovation = self.row(question, Some(*quantity));
            sums[0] += innovation.value;
            sums[1] += innovation.value * innovation.lever;
            sums[2] += innovation.lever * innovation.lever;
        }
        self.taken += rows.len();
        self.levered += sums[2];
        let level = sums[0] / (rows.len() as f64).sqrt();
        let price = if sums[2] > 1e-9 { sums[1] / sums[2].sqrt() } else { 0.0 };
        self.watch.take(level, price)
    }

    /// Takes in that a row will be seen, whatever it says: only what is not known shrinks.
    pub fn expect(&mut self, question: &Question<'_>) {
        self.pass(question.period - self.period);
        self.period = self.period.max(question.period);
        self.row(question, None);
    }

    /// Lets periods pass in which nothing is seen. Where the elasticity moves, demand turns about the price at which
    /// the level of a group was measured, so what is known of levels given the coefficients stays.
    pub(super) fn pass(&mut self, periods: f64) {
        let periods = periods.max(0.0);
        self.state.groups.iter_mut().for_each(|group| group.variance += periods * group.drift);
        self.state.covariance[0] += periods * self.drift.elasticity;
    }

    /// One row: the coefficients first, with the group's level as noise, then the level given them.
    fn row(&mut self, question: &Question<'_>, quantity: Option<f64>) -> Innovation {
        while self.state.groups.len() <= question.group as usize {
            let usual = self.state.usual();
            self.state.groups.push(usual);
        }
        let mut x = std::mem::take(&mut self.x);
        self.state.columns.fill(question, &mut x);
        let count = x.len();
        let group = &self.state.groups[question.group as usize];
        let lever: Vec<f64> = x.iter().zip(&group.lean).map(|(x, lean)| x + lean).collect();
        let spread: Vec<f64> =
            self.state.covariance.chunks_exact(count).map(|line| dot(line, &lever)).collect();
        let known = dot(&lever, &spread).max(0.0) + group.variance;
        let line = self.state.line(group, &x);
        let seen = self.state.seen(line, known, quantity);
        let (off, total) = (seen.off, known + seen.noise);
        for (at, spread_at) in spread.iter().enumerate() {
            self.state.beta[at] += spread_at * off / total;
            for (cell, spread) in self.state.covariance[at * count..(at + 1) * count].iter_mut().zip(&spread)
            {
                *cell -= spread_at * spread / total;
            }
        }
        let group = &mut self.state.groups[question.group as usize];
        let share = group.variance / (group.variance + seen.noise).max(f64::MIN_POSITIVE);
        group.intercept += share * (line + off - group.slope * x[0] - group.intercept);
        group.lean.iter_mut().zip(&x).for_each(|(lean, x)| *lean -= share * (*lean + x));
        group.variance *= 1.0 - share;
        self.x = x;
        Innovation { value: seen.standardised, lever: lever[0] }
    }
}

/// A quantity as an observation of the logarithm of demand.
struct Seen {
    off: f64,
    noise: f64,
    standardised: f64,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
