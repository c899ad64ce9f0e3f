//! How far answers are from the truth.

use serde::{Deserialize, Serialize};

/// Which error is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Mean of |error| / |truth|, as a share; rows whose truth is 0 are left out.
    Mape,
    /// Mean of |error|.
    Mae,
    /// Root of the mean squared error.
    Rmse,
}

impl Metric {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Metric::Mape => "mape",
            Metric::Mae => "mae",
            Metric::Rmse => "rmse",
        }
    }

    /// The error of `answers`.
    #[must_use]
    pub fn of(self, answers: &[f64], truth: &[f64]) -> f64 {
        let pairs = answers.iter().zip(truth);
        let n = truth.len() as f64;
        match self {
            Metric::Mae => pairs.map(|(a, y)| (a - y).abs()).sum::<f64>() / n,
            Metric::Rmse => (pairs.map(|(a, y)| (a - y).powi(2)).sum::<f64>() / n).sqrt(),
            Metric::Mape => {
                let known = truth.iter().filter(|y| **y != 0.0).count();
                pairs.filter(|(_, y)| **y != 0.0).map(|(a, y)| ((a - y) / y).abs()).sum::<f64>()
                    / known as f64
            }
        }
    }
}

/// Scores of predictions on rows whose truth is known; NaN where it cannot be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Rows scored.
    pub rows: usize,
    /// Mean of |error| / |truth|, as a share.
    pub mape: f64,
    /// Mean of |error|.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Share of the variance that is explained.
    pub r2: f64,
    /// Share of rows between `q10` and `q90`.
    pub coverage_80: f64,
    /// Share of rows between `q2.5` and `q97.5`.
    pub coverage_95: f64,
}

impl Scores {
    /// Scores of means and quantiles (2.5, 10, 90 and 97.5 %); rows whose truth is NaN are left out.
    ///
    /// ```
    /// use purvey::predict::tabular::Scores;
    /// let scores = Scores::of(&[2.0, 4.0], &[[0.0, 1.0, 3.0, 4.0], [0.0, 1.0, 3.0, 6.0]], &[1.0, 5.0]);
    /// assert_eq!((scores.mae, scores.mape, scores.coverage_80, scores.coverage_95), (1.0, 0.6, 0.5, 1.0));
    /// ```
    #[must_use]
    pub fn of(mean: &[f64], quantiles: &[[f64; 4]], truth: &[f64]) -> Self {
        let known: Vec<usize> = (0..truth.len()).filter(|row| !truth[*row].is_nan()).collect();
        let answers: Vec<f64> = known.iter().map(|row| mean[*row]).collect();
        let y: Vec<f64> = known.iter().map(|row| truth[*row]).collect();
        let n = y.len() as f64;
        let middle = y.iter().sum::<f64>() / n;
        let spread: f64 = y.iter().map(|y| (y - middle).powi(2)).sum();
        let rmse = Metric::Rmse.of(&answers, &y);
        let inside = |low: usize, high: usize| {
            let is_in =
                |row: &&usize| (quantiles[**row][low]..=quantiles[**row][high]).contains(&truth[**row]);
            known.iter().filter(is_in).count() as f64 / n
        };
        Scores {
            rows: y.len(),
            mape: Metric::Mape.of(&answers, &y),
            mae: Metric::Mae.of(&answers, &y),
            rmse,
            r2: if spread > 0.0 { 1.0 - n * rmse * rmse / spread } else { f64::NAN },
            coverage_80: inside(1, 2),
            coverage_95: inside(0, 3),
        }
    }
}
