//! A result told neutrally: headline sentences, key figures, tables, chart
//! series, notices. It is written to the output folder, so that a report can
//! be drawn again later without the decision that made it.

use serde::{Deserialize, Serialize};

/// Everything a report shows, in the order in which it shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Presentation {
    /// Title, for example the instance's name.
    pub title: String,
    /// Headline in sentences and money.
    pub headline: Vec<String>,
}
