//! Price tests: other prices in some stores and periods, where knowing the elasticity better is worth more than
//! the test may lose.
//!
//! For each product and each price of its ladder that no rule speaks against, the error of its elasticity after
//! the test is foreseen (`design.rs`), and from it what prices chosen with it would bring more (`value.rs`).
//! Options are taken by their worth less their loss until the loss that may be expected, or the number of
//! tests, is reached. Products that answer to each other, or have a gap, are not tested at once.
//! Same input and seed give the same tests: yes.

mod design;
mod told;
mod value;

use super::problem::{Problem, Source, Standing, same, shares};
use crate::control::Control;
pub(super) use design::Arm;
pub(super) use told::{kpis, present, sentence, table};
#[cfg(test)]
pub(super) use value::of_knowing;

/// A price test of one product.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trial {
    pub product: usize,
    pub price: f64,
    pub control: f64,
    pub arms: Vec<Arm>,
    /// What the goal is expected to lose by it.
    pub loss: f64,
    /// What the goal gains by knowing the elasticity better.
    pub worth: f64,
    /// Standard error of the elasticity, and what it will be.
    pub error: f64,
    pub error_after: f64,
}

/// Products looked at: those about which most money is uncertain.
const LOOKED_AT: usize = 200;

/// The tests to run beside prices; `None` where none are asked for.
pub(super) fn propose(problem: &Problem, prices: &[f64], control: &Control) -> Option<Vec<Trial>> {
    let rules = problem.trials.as_ref()?;
    let most = rules.most_loss(problem.total(problem.goal, prices));
    let standing = Standing::new(problem, prices.to_vec());
    let mut options: Vec<Trial> = Vec::new();
    for product in uncertain(problem, prices) {
        options.extend(options_of(problem, &standing, product, most, control.seed));
        if control.should_stop() {
            break;
        }
    }
    let net = |trial: &Trial| trial.worth - trial.loss.max(0.0);
    options.retain(|trial| net(trial) > 0.0);
    options.sort_by(|a, b| net(b).total_cmp(&net(a)).then(a.product.cmp(&b.product)));
    let mut room = Room::new(problem, &standing, most);
    let taken = options.into_iter().filter(|trial| room.takes(trial)).take(rules.most_tests);
    Some(taken.collect())
}

/// Products with a response of their own, those first about which most money is uncertain.
fn uncertain(problem: &Problem, prices: &[f64]) -> Vec<usize> {
    let at_stake = |at: &usize| {
        let product = &problem.products[*at];
        product.own.error * prices[*at] * product.quantity_now
    };
    let is_open = |at: &usize| {
        let product = &problem.products[*at];
        let is_fitted = matches!(product.own.source, Source::Sales | Source::Instrument | Source::Others);
        is_fitted && product.ladder.len() > 1 && at_stake(at) > 0.0 && problem.following(*at).is_some()
    };
    let mut open: Vec<usize> = (0..problem.products.len()).filter(is_open).collect();
    open.sort_by(|a, b| at_stake(b).total_cmp(&at_stake(a)).then(a.cmp(b)));
    open.truncate(LOOKED_AT);
    open
}

/// The tests of one product that keep every rule and lose no more than may be lost.
fn options_of(
    problem: &Problem,
    standing: &Standing<'_>,
    product: usize,
    most: f64,
    seed: u64,
) -> Vec<Trial> {
    let Some(following) = problem.following(product) else { return Vec::new() };
    let it = &problem.products[product];
    let control = standing.prices[product];
    let shares = shares(problem, following, product);
    if shares.is_empty() {
        return Vec::new();
    }
    let periods = problem.trials.as_ref().map_or(0, |rules| rules.periods);
    let payback = problem.trials.as_ref().map_or(0.0, |rules| rules.payback);
    let plan = design::assign(&shares, problem.newest_period(), periods, (seed, product));
    let allowed: Vec<f64> = it
        .ladder
        .iter()
        .copied()
        .filter(|&price| same(price, control) || standing.obstacle(product, price).is_none())
        .collect();
    let prices = allowed.iter().copied().filter(|&price| !same(price, control));
    let trial = |price: f64| {
        let a_period = -standing.gain(product, price);
        let arms = design::priced(&plan, a_period);
        let loss: f64 = arms.iter().map(|arm| arm.loss).sum();
        (loss <= most).then(|| {
            let error_after = design::error_after(problem, following, product, (price, control), &arms);
            let told = (it.own.error.powi(2) - error_after.powi(2)).max(0.0).sqrt();
            let worth = payback * value::of_knowing(problem, standing, product, &allowed, told);
            Trial { product, price, control, arms, loss, worth, error: it.own.error, error_after }
        })
    };
    prices.filter_map(trial).collect()
}

/// What is left of the rules for all products while tests are taken.
struct Room<'a> {
    problem: &'a Problem,
    standing: &'a Standing<'a>,
    loss: f64,
    changes: Option<usize>,
    /// By floor.
    floors: Vec<f64>,
    tested: Vec<usize>,
}

impl<'a> Room<'a> {
    fn new(problem: &'a Problem, standing: &'a Standing<'a>, loss: f64) -> Self {
        let changes = problem.changes(&standing.prices);
        let room = |floor: &super::problem::Floor| {
            problem.total(floor.goal, &standing.prices) - problem.least(floor)
        };
        Room {
            floors: problem.floors.iter().map(room).collect(),
            changes: problem.max_changes.map(|most| most.saturating_sub(changes)),
            problem,
            standing,
            loss,
            tested: Vec::new(),
        }
    }

    /// Takes a test where there is room for it.
    fn takes(&mut self, trial: &Trial) -> bool {
        let problem = self.problem;
        if self.tested.iter().any(|&other| are_bound(problem, trial.product, other)) {
            return false;
        }
        let now = problem.products[trial.product].price_now;
        let changes = usize::from(same(trial.control, now) && !same(trial.price, now));
        let loss = trial.loss.max(0.0);
        let sinks: Vec<f64> = problem
            .floors
            .iter()
            .map(|floor| problem.gain(floor.goal, &self.standing.prices, trial.product, trial.price).min(0.0))
            .collect();
        let is_room = loss <= self.loss
            && self.changes.is_none_or(|left| changes <= left)
            && self.floors.iter().zip(&sinks).all(|(room, sinks)| *sinks == 0.0 || room + sinks >= 0.0);
        if is_room {
            self.loss -= loss;
            self.changes = self.changes.map(|left| left - changes);
            self.floors.iter_mut().zip(&sinks).for_each(|(room, sinks)| *room += sinks);
            self.tested.push(trial.product);
        }
        is_room
    }
}

/// Whether a test of one product would be disturbed by one of another, or might break a rule with it.
fn are_bound(problem: &Problem, a: usize, b: usize) -> bool {
    let answers =
        |a: usize, b: usize| problem.products[a].rivals.iter().any(|answer| answer.to as usize == b);
    let gap = problem.gaps.iter().any(|gap| {
        let ends = [gap.product as usize, gap.other as usize];
        ends.contains(&a) && ends.contains(&b)
    });
    a == b || answers(a, b) || answers(b, a) || gap
}
