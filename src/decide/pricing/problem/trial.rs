//! What price tests may cost.

use crate::data::SettingsValues;

/// Rules of price tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct TrialRules {
    /// Most that all tests may lose, as the goal counts.
    loss: Option<f64>,
    /// The same as a share of what the plan brings meanwhile.
    share: Option<f64>,
    pub periods: usize,
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
