//! What a forecast starts from: series in equal buckets, their marks and covariates.

use super::error::SeriesError;

/// How far apart buckets are; it gives the usual season length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Frequency {
    /// 24 buckets a season (one day).
    Hourly,
    /// 7 buckets a season (one week).
    Daily,
    /// 52 buckets a season (one year).
    #[default]
    Weekly,
    /// 12 buckets a season (one year).
    Monthly,
    /// 4 buckets a season (one year).
    Quarterly,
    /// No season.
    Yearly,
}

impl Frequency {
    /// Buckets in one season, as the field uses them.
    ///
    /// ```
    /// assert_eq!(purvey::predict::series::Frequency::Weekly.season_length(), 52);
    /// ```
    #[must_use]
    pub fn season_length(self) -> usize {
        match self {
            Frequency::Hourly => 24,
            Frequency::Daily => 7,
            Frequency::Weekly => 52,
            Frequency::Monthly => 12,
            Frequency::Quarterly => 4,
            Frequency::Yearly => 1,
        }
    }
}

/// One series in equal buckets, oldest first, with what is known about them.
///
/// Empty marks mean that no bucket is marked; empty covariates mean that there
/// are none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Name of the series in the output.
    pub id: String,
    /// Recorded value of each bucket; NaN where it is not known.
    pub y: Vec<f64>,
    /// Buckets with a stock-out: the true demand is at least the recorded value.
    pub censored: Vec<bool>,
    /// Exceptional buckets, kept out of the fit.
    pub excluded: Vec<bool>,
    /// Covariates of the history, row by row (`y.len()` rows of the panel's columns).
    pub covariates: Vec<f64>,
    /// Covariates of the future, row by row, at least as many rows as the horizon.
    pub future_covariates: Vec<f64>,
    /// Labels in the order of [`Panel::label_names`], for methods that learn across series.
    pub labels: Vec<String>,
    /// Position of the first bucket on the panel's time axis; series that start
    /// later have a greater one.
    pub first_bucket: usize,
}

impl Series {
    /// A series of plain values without marks.
    #[must_use]
    pub fn new(id: impl Into<String>, y: Vec<f64>) -> Self {
        Series { id: id.into(), y, ..Series::default() }
    }

    /// Whether bucket `t` had a stock-out.
    #[must_use]
    pub fn is_censored(&self, t: usize) -> bool {
        self.censored.get(t).copied().unwrap_or(false)
    }

    /// Whether bucket `t` is kept out of the fit.
    #[must_use]
    pub fn is_excluded(&self, t: usize) -> bool {
        self.excluded.get(t).copied().unwrap_or(false)
    }
}

/// Many series on one time axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// The series.
    pub series: Vec<Series>,
    /// Distance of the buckets.
    pub frequency: Frequency,
    /// Buckets in a season; `None`: the usual one of the frequency.
    pub season_length: Option<usize>,
    /// Names of the covariate columns, the same for all series.
    pub covariate_names: Vec<String>,
    /// Names of the labels of each series (item, location, group).
    pub label_names: Vec<String>,
}

impl Panel {
    /// A panel of `series` at `frequency`, without covariates or labels.
    #[must_use]
    pub fn new(series: Vec<Series>, frequency: Frequency) -> Self {
        Panel { series, frequency, ..Panel::default() }
    }

    /// Buckets in one season, at least 1.
    #[must_use]
    pub fn season(&self) -> usize {
        self.season_length.unwrap_or(self.frequency.season_length()).max(1)
    }

    /// Checks that marks and covariates have the length of their series.
    ///
    /// # Errors
    /// [`SeriesError::Length`] for the first array of another length.
    pub fn check(&self, horizon: usize) -> Result<(), SeriesError> {
        self.series.iter().try_for_each(|series| self.check_series(series, horizon))
    }

    /// Checks one series as [`Panel::check`] does.
    ///
    /// # Errors
    /// [`SeriesError::Length`] for the first array of another length.
    pub fn check_series(&self, series: &Series, horizon: usize) -> Result<(), SeriesError> {
        let (n, k) = (series.y.len(), self.covariate_names.len());
        let length = |what: &'static str, found: usize, wanted: usize| {
            Err(SeriesError::Length { series: series.id.clone(), what, found, wanted })
        };
        if ![0, n].contains(&series.censored.len()) {
            return length("censored marks", series.censored.len(), n);
        }
        if ![0, n].contains(&series.excluded.len()) {
            return length("excluded marks", series.excluded.len(), n);
        }
        if ![0, n * k].contains(&series.covariates.len()) {
            return length("covariates of the history", series.covariates.len(), n * k);
        }
        if !series.covariates.is_empty() && series.future_covariates.len() < horizon * k {
            return length("covariates of the future", series.future_covariates.len(), horizon * k);
        }
        if ![0, self.label_names.len()].contains(&series.labels.len()) {
            return length("labels", series.labels.len(), self.label_names.len());
        }
        Ok(())
    }
}
