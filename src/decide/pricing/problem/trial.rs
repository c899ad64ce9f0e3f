//! What price tests may cost.

use super::{Following, Problem, plain};
use crate::data::SettingsValues;

/// Rules of price tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct TrialRules {
    /// Most that all tests may lose, as the goal counts.
    loss: Option<f64>,
    /// The same as a share of what the plan brings meanwhile.
    share: Option<f64>,
    pub periods: usize,
    /// Days of a period.
    pub period_days: i64,
    pub most_tests: usize,
    /// Periods in which what was learned is used.
    pub payback: f64,
}

impl TrialRules {
    /// `None` where no loss is allowed for.
    pub(super) fn read(settings: &SettingsValues) -> Option<Self> {
        let rules = TrialRules {
            loss: settings.number("test_loss"),
            share: settings.number("test_loss_share"),
            periods: settings.integer("test_periods").unwrap_or(4).max(2) as usize,
            period_days: settings.integer("period_days").unwrap_or(7).max(1),
            most_tests: settings.integer("max_tests").unwrap_or(5).max(0) as usize,
            payback: settings.integer("test_payback").unwrap_or(26) as f64,
        };
        (rules.loss.is_some() || rules.share.is_some()).then_some(rules)
    }

    /// Most that all tests may lose where the plan brings `a_period` in a period.
    pub fn most_loss(&self, a_period: f64) -> f64 {
        let shared = self.share.map(|share| share * a_period.max(0.0) * self.periods as f64);
        self.loss.unwrap_or(f64::INFINITY).min(shared.unwrap_or(f64::INFINITY))
    }
}

/// Groups that sell a product with their share of its demand, the largest first.
pub(in super::super) fn shares(problem: &Problem, following: &Following, product: usize) -> Vec<(u32, f64)> {
    let prices = problem.prices_now();
    let Some(learned) = &problem.learned else { return Vec::new() };
    let (rivals, period) = (learned.rivals_of(product, &prices), problem.newest_period() + 1);
    let demand = |group: u32| {
        following.filter.mean(&plain(group, period, problem.products[product].price_now, &rivals))
    };
    let mut shares: Vec<(u32, f64)> = following.recent.iter().map(|&group| (group, demand(group))).collect();
    let all: f64 = shares.iter().map(|share| share.1).sum();
    shares.retain(|_| all > 0.0);
    shares.iter_mut().for_each(|share| share.1 /= all);
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    shares
}
