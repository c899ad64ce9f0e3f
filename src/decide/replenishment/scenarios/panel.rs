//! From the problem's history to the forecasting room's series, and fingerprints of both.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::data::Bucket;
use crate::predict::series::{Frequency, Panel, Series};

use super::super::problem::{Pair, Problem};

/// Labels of every series, for methods that learn across series.
const LABELS: [&str; 4] = ["item", "location", "item category", "location category"];

/// All series of a problem.
pub(super) fn panel(problem: &Problem) -> Panel {
    Panel {
        series: problem.pairs.iter().map(|pair| series(problem, pair)).collect(),
        frequency: match problem.bucket() {
            Bucket::Day => Frequency::Daily,
            Bucket::Week => Frequency::Weekly,
            Bucket::Month => Frequency::Monthly,
        },
        season_length: Some(problem.season_length),
        covariate_names: problem.covariate_names.clone(),
        label_names: LABELS.map(str::to_owned).to_vec(),
    }
}

/// The series of one pair, from its first bucket on sale.
pub(super) fn series(problem: &Problem, pair: &Pair) -> Series {
    let first = pair.marks.iter().position(|mark| !mark.inactive).unwrap_or(pair.marks.len());
    let columns = problem.covariate_names.len();
    let split = problem.history_buckets * columns;
    let (past, future) = pair.covariates.split_at(split.min(pair.covariates.len()));
    let marks = &pair.marks[first..];
    let flags = |of: fn(&super::super::problem::Mark) -> bool| -> Vec<bool> {
        if marks.iter().any(of) { marks.iter().map(of).collect() } else { Vec::new() }
    };
    let (item, location) = (&problem.items[pair.item], &problem.locations[pair.location]);
    Series {
        id: problem.pair_name(pair),
        y: pair.sales[first..].to_vec(),
        censored: flags(|mark| mark.censored),
        excluded: flags(|mark| mark.excluded || mark.inactive),
        covariates: past.get(first * columns..).unwrap_or(&[]).to_vec(),
        future_covariates: future.to_vec(),
        labels: [&item.code, &location.code, &item.category, &location.category].map(String::clone).to_vec(),
        first_bucket: first,
    }
}

/// Fingerprint of a method and of everything that it learns from.
pub(super) fn fingerprint(problem: &Problem, panel: &Panel, seed: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, &problem.method, problem.season_length, problem.history_buckets).hash(&mut hasher);
    (problem.horizon, problem.scenarios).hash(&mut hasher);
    (problem.plan_date, problem.buckets.origin(), &panel.covariate_names).hash(&mut hasher);
    for series in &panel.series {
        hash_series(series, &mut hasher);
    }
    hasher.finish()
}

fn hash_series(series: &Series, hasher: &mut DefaultHasher) {
    (&series.id, &series.labels, series.first_bucket).hash(hasher);
    hash_numbers(&series.y, hasher);
    (&series.censored, &series.excluded).hash(hasher);
    hash_numbers(&series.covariates, hasher);
    hash_numbers(&series.future_covariates, hasher);
}

fn hash_numbers(numbers: &[f64], hasher: &mut DefaultHasher) {
    numbers.len().hash(hasher);
    for number in numbers {
        // NaN has many forms and one meaning.
        if number.is_nan() { f64::NAN.to_bits().hash(hasher) } else { number.to_bits().hash(hasher) }
    }
}

/// Adds everything of a pair that its scenarios are made of.
pub(super) fn hash_pair(problem: &Problem, pair: &Pair, hasher: &mut DefaultHasher) {
    hash_series(&series(problem, pair), hasher);
    (problem.horizon, problem.scenarios, problem.review_period, problem.plan_date).hash(hasher);
    let item = &problem.items[pair.item];
    (item.start, item.end, item.lost_sales, format!("{:?}", item.service)).hash(hasher);
    hash_numbers(&[item.holding_cost], hasher);
    hash_numbers(&problem.locations[pair.location].open_share, hasher);
    hash_numbers(&pair.promised, hasher);
    for forecast in &pair.overrides {
        forecast.bucket.hash(hasher);
        hash_numbers(&[forecast.quantity, forecast.share], hasher);
    }
    for source in &pair.sources {
        let dates = problem.order_calendars.get(source.calendar).map(|calendar| &calendar.dates);
        dates.and_then(|dates| dates.first()).hash(hasher);
        for (days, share) in &source.lead_time_days {
            days.hash(hasher);
            hash_numbers(&[*share], hasher);
        }
    }
}

/// A series without what came from bucket `until` of the history on.
pub(super) fn cut(series: &Series, until: usize, panel: &Panel) -> Series {
    let length = until.saturating_sub(series.first_bucket).min(series.y.len());
    let columns = panel.covariate_names.len();
    let marks = |marks: &[bool]| marks.get(..length).unwrap_or(&[]).to_vec();
    let rows = length * columns;
    let later = series.covariates.get(rows..).unwrap_or(&[]).iter().chain(&series.future_covariates);
    Series {
        id: series.id.clone(),
        y: series.y[..length].to_vec(),
        censored: marks(&series.censored),
        excluded: marks(&series.excluded),
        covariates: series.covariates.get(..rows).unwrap_or(&[]).to_vec(),
        future_covariates: later.copied().collect(),
        labels: series.labels.clone(),
        first_bucket: series.first_bucket,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_series_knows_the_covariates_to_come() {
        let series = Series {
            covariates: vec![1.0, 2.0, 3.0, 4.0],
            future_covariates: vec![5.0, 6.0],
            censored: vec![false, true, false, true],
            first_bucket: 2,
            ..Series::new("s", vec![9.0, 8.0, 7.0, 6.0])
        };
        let panel = Panel { covariate_names: vec!["price".into()], ..Panel::default() };
        let short = cut(&series, 4, &panel);
        assert_eq!((short.y, short.censored), (vec![9.0, 8.0], vec![false, true]));
        assert_eq!((short.covariates, short.future_covariates), (vec![1.0, 2.0], vec![3.0, 4.0, 5.0, 6.0]));
        assert!(cut(&series, 1, &panel).y.is_empty());
    }
}
