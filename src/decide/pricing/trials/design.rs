//! Who gets the test price when, and what will be known then.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::problem::{Following, Problem, plain};

/// One store over some periods at one price.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Arm {
    /// Group of the response.
    pub group: u32,
    /// First and last period.
    pub from: i64,
    pub until: i64,
    pub is_test: bool,
    /// Share of the product's demand that the store has.
    pub share: f64,
    /// What the goal is expected to lose here.
    pub loss: f64,
}

/// Stores from which halves of them are compared; fewer switch between the prices.
const ENOUGH_STORES: usize = 4;

/// Draws who gets the test price: one of each two stores of like size for the whole time; where there are few
/// stores, one of each two periods.
pub(super) fn assign(
    shares: &[(u32, f64)],
    newest: i64,
    periods: usize,
    (seed, product): (u64, usize),
) -> Vec<Arm> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(product as u64 + 1);
    let (first, last) = (newest + 1, newest + periods as i64);
    let arm = |(group, share): (u32, f64), (from, until): (i64, i64), is_test: bool| Arm {
        group,
        from,
        until,
        is_test,
        share,
        loss: 0.0,
    };
    let mut arms = Vec::new();
    if shares.len() >= ENOUGH_STORES {
        for pair in shares.chunks(2) {
            let is_first: bool = random.random();
            for (at, &share) in pair.iter().enumerate() {
                // One that has no partner stays as it is.
                arms.push(arm(share, (first, last), pair.len() == 2 && (at == 0) == is_first));
            }
        }
        return arms;
    }
    for &share in shares {
        for start in (first..=last).step_by(2) {
            let is_first: bool = random.random();
            for period in start..=last.min(start + 1) {
                let has_partner = start < last;
                arms.push(arm(share, (period, period), has_partner && (period == start) == is_first));
            }
        }
    }
    arms
}

/// The arms with what they lose, given what all stores together would lose in a period.
pub(super) fn priced(arms: &[Arm], a_period: f64) -> Vec<Arm> {
    let of = |arm: &Arm| {
        let periods = (arm.until - arm.from + 1) as f64;
        Arm { loss: if arm.is_test { a_period * arm.share * periods } else { 0.0 }, ..arm.clone() }
    };
    arms.iter().map(of).collect()
}

/// Standard error of the own elasticity after the test. What the filter will know does not depend on what is sold,
/// but for counts, whose mean stands in.
pub(super) fn error_after(
    problem: &Problem,
    following: &Following,
    product: usize,
    (price, control): (f64, f64),
    arms: &[Arm],
) -> f64 {
    let Some(learned) = &problem.learned else { return f64::NAN };
    let rivals = learned.rivals_of(product, &problem.prices_now());
    let mut filter = following.filter.clone().with_own_error(problem.products[product].own.error);
    let (first, last) = arms
        .iter()
        .fold((i64::MAX, i64::MIN), |(first, last), arm| (first.min(arm.from), last.max(arm.until)));
    for period in first..=last {
        for arm in arms.iter().filter(|arm| (arm.from..=arm.until).contains(&period)) {
            let price = if arm.is_test { price } else { control };
            filter.expect(&plain(arm.group, period, price, &rivals));
        }
    }
    filter.own().error
}
