//! What many estimates of one role have in common.

use super::design::Columns;

/// An estimate with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub value: f64,
    pub error: f64,
}

/// A normal belief about a coefficient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Belief {
    pub mean: f64,
    pub variance: f64,
}

/// Beliefs by role.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prior {
    pub own: Belief,
    pub rival: Belief,
    pub covariates: Vec<Belief>,
    pub wave: Belief,
    pub other: Belief,
}

/// Estimates from which the products speak for themselves.
const ENOUGH: usize = 4;

impl Prior {
    /// Before any data: published elasticities, wide for all else.
    pub fn published() -> Self {
        Prior {
            own: Belief { mean: -2.6, variance: 4.0 },
            rival: Belief { mean: 0.1, variance: 0.5 },
            covariates: Vec::new(),
            wave: Belief { mean: 0.0, variance: 1.0 },
            other: Belief { mean: 0.0, variance: 4.0 },
        }
    }

    /// The belief about a column.
    pub fn of(&self, columns: &Columns, column: usize) -> Belief {
        if column == 0 {
            return self.own;
        }
        if columns.rivals().contains(&column) {
            return self.rival;
        }
        if columns.waves().contains(&column) {
            return self.wave;
        }
        self.covariates.get(column - columns.covariate(0)).copied().unwrap_or(self.other)
    }
}

/// Mean and variance of the true values behind `estimates`; `plain` where they are few.
pub(super) fn pooled(estimates: &[Estimate], plain: Belief) -> Belief {
    let usable: Vec<&Estimate> = estimates.iter().filter(|e| e.error > 0.0 && e.error.is_finite()).collect();
    if usable.len() < ENOUGH {
        return plain;
    }
    let sums = |extra: f64| {
        usable.iter().fold((0.0, 0.0), |(sum, weight), e| {
            let share = 1.0 / (e.error * e.error + extra);
            (sum + share * e.value, weight + share)
        })
    };
    let (sum, weight) = sums(0.0);
    let mean = sum / weight;
    let spread: f64 = usable.iter().map(|e| ((e.value - mean) / e.error).powi(2)).sum();
    let squares: f64 = usable.iter().map(|e| e.error.powi(-4)).sum();
    let between = (spread - (usable.len() - 1) as f64) / (weight - squares / weight);
    // Products are never taken as all alike: few of them can look so by chance.
    let variance = between.max(0.01 * plain.variance);
    let (sum, weight) = sums(variance);
    Belief { mean: sum / weight, variance }
}
