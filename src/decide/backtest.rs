//! Replays history with a rolling origin: the loop that every decision shares.
//!
//! A window is a line of buckets. In each, a policy may first decide, knowing
//! earlier buckets only; then the bucket happens and costs. What the policy
//! could influence is counted apart from what was on its way already.
//! Policies of one window start alike and meet the same facts, so their costs
//! are paired: differences have far narrower intervals than costs.

use chrono::NaiveDate;
use serde_json::{Map, Value};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::data::Faults;

/// What one bucket cost one part (a stock point), by component.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StepCost {
    /// Stock left.
    pub holding: f64,
    /// Demand unmet.
    pub shortage: f64,
    /// Orders placed.
    pub order: f64,
    /// Paid above the lowest price.
    pub purchase_variance: f64,
    /// Stock expired.
    pub waste: f64,
    /// Units asked for.
    pub demand: f64,
    /// Units served at once.
    pub served: f64,
    /// Stock at the end.
    pub stock: f64,
}

impl StepCost {
    /// All money together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.holding + self.shortage + self.order + self.purchase_variance + self.waste
    }

    /// Adds another bucket or part.
    pub fn add(&mut self, other: &StepCost) {
        self.holding += other.holding;
        self.shortage += other.shortage;
        self.order += other.order;
        self.purchase_variance += other.purchase_variance;
        self.waste += other.waste;
        self.demand += other.demand;
        self.served += other.served;
        self.stock += other.stock;
    }
}

/// One policy in one window.
pub trait Stage: Send {
    /// Decides in `bucket` of the window, knowing what happened before it.
    ///
    /// # Errors
    /// Faults that only this decision's input shows.
    fn decide(&mut self, bucket: usize) -> Result<(), Faults>;

    /// Lets `bucket` happen; one entry a part, `None` where the part's replay is over.
    fn happen(&mut self, bucket: usize) -> Vec<Option<StepCost>>;
}

/// A window as the shared loop sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Date of the first decision.
    pub from: NaiveDate,
    /// Buckets in which a decision is taken.
    pub decisions: Vec<usize>,
    /// Buckets replayed.
    pub buckets: usize,
    /// For each part the first bucket that the first decision can influence.
    pub controllable_from: Vec<usize>,
}

/// What a policy cost in a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Played {
    /// Over all buckets and parts.
    pub total: StepCost,
    /// From the first decision's effect on.
    pub controllable: StepCost,
    /// Controllable cost of each part.
    pub by_part: Vec<f64>,
    /// Bucket-and-part cells replayed, for mean stock.
    pub cells: usize,
}

impl Played {
    /// Share of demand served at once; 1 without demand.
    #[must_use]
    pub fn fill_rate(&self) -> f64 {
        if self.total.demand > 0.0 { self.total.served / self.total.demand } else { 1.0 }
    }

    /// Adds another window of the same policy.
    pub fn add(&mut self, other: &Played) {
        self.total.add(&other.total);
        self.controllable.add(&other.controllable);
        self.by_part.resize(other.by_part.len().max(self.by_part.len()), 0.0);
        for (sum, cost) in self.by_part.iter_mut().zip(&other.by_part) {
            *sum += cost;
        }
        self.cells += other.cells;
    }

    /// The figures that programs read.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut figures = Map::new();
        let mean_stock = if self.cells > 0 { self.total.stock / self.cells as f64 } else { 0.0 };
        for (name, value) in [
            ("total_cost", self.total.total()),
            ("controllable_cost", self.controllable.total()),
            ("holding_cost", self.total.holding),
            ("shortage_cost", self.total.shortage),
            ("order_cost", self.total.order),
            ("purchase_variance", self.total.purchase_variance),
            ("waste_cost", self.total.waste),
            ("fill_rate", self.fill_rate()),
            ("mean_stock", mean_stock),
        ] {
            figures.insert(name.to_owned(), value.into());
        }
        Value::Object(figures)
    }
}

/// Plays one policy through one window.
///
/// # Errors
/// As [`Stage::decide`].
pub fn play(schedule: &Schedule, stage: &mut dyn Stage) -> Result<Played, Faults> {
    let mut played = Played { by_part: vec![0.0; schedule.controllable_from.len()], ..Played::default() };
    for bucket in 0..schedule.buckets {
        if schedule.decisions.contains(&bucket) {
            stage.decide(bucket)?;
        }
        for (part, cost) in stage.happen(bucket).iter().enumerate() {
            let Some(cost) = cost else { continue };
            played.total.add(cost);
            played.cells += 1;
            if schedule.controllable_from.get(part).is_some_and(|&from| bucket >= from) {
                played.controllable.add(cost);
                played.by_part[part] += cost.total();
            }
        }
    }
    Ok(played)
}

/// First decision dates of `count` windows, evenly spaced from the first bucket
/// to the last, both included; dates that fall together are one window.
///
/// ```
/// use purvey::decide::backtest::spaced;
/// assert_eq!(spaced(0, 10, 3), [0, 5, 10]);
/// assert_eq!(spaced(4, 10, 1), [4]);
/// assert_eq!(spaced(4, 5, 9), [4, 5]);
/// ```
#[must_use]
pub fn spaced(first: i64, last: i64, count: usize) -> Vec<i64> {
    if last < first {
        return Vec::new();
    }
    let steps = count.max(1) - 1;
    let mut starts: Vec<i64> = (0..=steps)
        .map(|step| {
            let share = if steps == 0 { 0.0 } else { step as f64 / steps as f64 };
            first + (share * (last - first) as f64).round() as i64
        })
        .collect();
    starts.dedup();
    starts
}

/// Mean and 95 % interval of paired differences (Student's t); the interval is
/// NaN with fewer than two pairs.
///
/// ```
/// use purvey::decide::backtest::paired_interval;
/// let (mean, low, high) = paired_interval(&[1.0, 2.0, 3.0], &[2.0, 4.0, 3.0]);
/// assert_eq!(mean, -1.0);
/// assert!(low < -1.0 && high > -1.0);
/// ```
#[must_use]
pub fn paired_interval(a: &[f64], b: &[f64]) -> (f64, f64, f64) {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half =
        StudentsT::new(0.0, 1.0, n - 1.0).map_or(f64::NAN, |t| t.inverse_cdf(0.975) * (variance / n).sqrt());
    (mean, mean - half, mean + half)
}
