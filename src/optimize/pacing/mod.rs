//! Offers that come one after the other, each with options of which at most one is taken, and one
//! budget for all: what to take while the later offers are not known.
//!
//! | question | method |
//! |---|---|
//! | what to take of the offer at hand | [`Pacer`] |
//! | what would have been the most, had all offers been known | [`hindsight()`] |
//! | which of several things of unknown worth to try | [`Explorer`] |
//! | how to spread a budget over periods when amounts go on working in later ones | [`Window`] |
//!
//! A [`Stream`] holds offers in flat arrays; [`replay`] runs a pacer over one.

mod explorer;
mod hindsight;
mod pacer;
#[cfg(test)]
mod tests;
mod window;

pub use explorer::Explorer;
pub use hindsight::{Hindsight, Steps, hindsight};
pub use pacer::{Pacer, PacingOptions, Replay, replay};
pub use window::{PacedCurve, Window, WindowError, WindowSplit};

/// Offers in the order in which they come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stream {
    /// Where the options of each offer end.
    ends: Vec<u32>,
    values: Vec<f64>,
    costs: Vec<f64>,
}

impl Stream {
    /// Adds an offer with its options: the value and the cost of each.
    ///
    /// # Errors
    /// [`PacingError`] where a value or a cost is not a finite number of 0 or more, or where there
    /// are more options than can be counted.
    pub fn push(&mut self, options: impl IntoIterator<Item = (f64, f64)>) -> Result<(), PacingError> {
        let (offer, first) = (self.len(), self.values.len());
        for (option, (value, cost)) in options.into_iter().enumerate() {
            for (name, number) in [("value", value), ("cost", cost)] {
                if !(number.is_finite() && number >= 0.0) {
                    self.values.truncate(first);
                    self.costs.truncate(first);
                    return Err(PacingError::Option { offer, option, name, number });
                }
            }
            self.values.push(value);
            self.costs.push(cost);
        }
        let end = u32::try_from(self.values.len()).map_err(|_| PacingError::TooMany)?;
        self.ends.push(end);
        Ok(())
    }

    /// Number of offers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no offer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Values and costs of an offer's options; none for an offer that is not there.
    #[must_use]
    pub fn offer(&self, at: usize) -> (&[f64], &[f64]) {
        let Some(&end) = self.ends.get(at) else { return (&[], &[]) };
        let first = at.checked_sub(1).map_or(0, |before| self.ends[before]) as usize;
        (&self.values[first..end as usize], &self.costs[first..end as usize])
    }
}

/// Why a stream cannot be paced.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PacingError {
    /// A value or a cost that is none.
    #[error(
        "option {option} of offer {offer} has the {name} {number}; it must be a finite number of 0 or more"
    )]
    Option {
        /// Which offer.
        offer: usize,
        /// Which of its options.
        option: usize,
        /// `value` or `cost`.
        name: &'static str,
        /// What it is.
        number: f64,
    },
    /// More options than can be counted.
    #[error("there are more than 4294967295 options: part the stream")]
    TooMany,
    /// A number of the question outside its range.
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
