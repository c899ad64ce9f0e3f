//! What the reader of a pooled forecast should know of its series.

use super::super::panel::Series;
use super::row::{Mark, Row};

/// Remarks on the history, in the order of their weight.
pub(super) fn of(series: &Series, row: &Row) -> Vec<String> {
    let mut notes = Vec::new();
    let y = &series.y;
    let negative = y.iter().filter(|y| **y < 0.0 && y.is_finite()).count();
    if negative > 0 {
        notes.push(format!("{negative} values below zero taken as zero"));
    }
    let censored =
        (0..y.len()).filter(|&t| series.is_censored(t) && !series.is_excluded(t) && y[t].is_finite()).count();
    let shut = row.mark.iter().filter(|mark| **mark == Mark::Shut).count();
    if censored > shut {
        notes.push(format!(
            "{} buckets with a stock-out left out: they say nothing of demand",
            censored - shut
        ));
    }
    if shut > 0 {
        notes
            .push(format!("{shut} buckets without a sale while stocked out for long: taken as not on offer"));
    }
    let known = row.mark.iter().filter(|mark| **mark != Mark::Unknown).count();
    if known < 6 {
        notes.push(format!("only {known} known buckets: the forecast leans on the other series"));
    }
    let gaps = (0..y.len()).filter(|&t| series.is_excluded(t) || !y[t].is_finite()).count();
    if gaps > 0 {
        notes.push(format!("{gaps} buckets not known or left out"));
    }
    let silent = row.mark.iter().zip(&row.value).rev().take_while(|(_, y)| **y == 0.0).count();
    if silent >= super::LONG_RUN && silent < row.value.len() {
        notes.push(format!("no demand in the last {silent} buckets"));
    }
    notes
}
