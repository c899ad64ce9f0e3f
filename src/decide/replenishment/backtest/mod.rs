//! The windows of a replenishment backtest: which dates, which policies, and
//! what they cost, for programs and for people.

mod own;
mod told;
mod window;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::problem::{Pair, Problem, Source};
use super::words::{bucket_word, count};
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Settings, Table, Tables, date_of, day_number};
use crate::decide::backtest::{Played, spaced};
use crate::decide::{Backtest, BacktestOptions, BacktestWindow};
use own::OwnOrders;
use window::{Outcome, Window};

/// Buckets of history before the first window that is chosen without a date.
const LEAST_HISTORY: i64 = 26;

/// Told where perfect foresight is the best that was found, and might be beaten.
const NO_FLOOR: &str = "perfect foresight is the cheapest found, not proved to be the cheapest: joint order costs, \
                        expiry or other suppliers leave more ways to order than were looked at";
/// Names of the policies in the order in which they are shown.
const PURVEY: &str = "purvey";
const SIMPLE: &str = "simple_rule";
const TUNED: &str = "tuned_rule";
const OWN: &str = "own_orders";
const FORESIGHT: &str = "perfect_foresight";

/// What each policy cost, all windows together.
type Sums = Vec<(&'static str, Played)>;

/// Replays the windows that `options` ask for.
///
/// # Errors
/// Faults of the input, or windows that the history cannot hold.
pub(crate) fn backtest(
    name: &str,
    tables: &Tables,
    settings: &Settings,
    options: &BacktestOptions,
    control: &Control,
) -> Result<Backtest, Faults> {
    let reader = Reader { name, tables, settings };
    let base = Problem::read(name, tables.clone(), settings)?;
    let all = reader.at(reader.after_last_sale(&base), None)?;
    let own = options.own_orders.as_ref().map(|tables| OwnOrders::read(&all, tables)).transpose()?;
    let (starts, few) = window_starts(&base, &all, options)?;
    let mut windows = Vec::new();
    let mut sums = Sums::new();
    let (mut flagged, mut is_floor) = (0.0, true);
    for (index, &first) in starts.iter().enumerate() {
        control.step("backtest", index, starts.len());
        let window = Window::new(&reader, &base, &all, first, (options, own.as_ref()), control)?;
        flagged += window.facts(&all).flagged_share() / starts.len() as f64;
        let Outcome { played, is_floor: proved } = window.play(&all, control)?;
        is_floor &= proved;
        let policies = document(&played);
        windows.push(BacktestWindow { from: window.from, rounds: options.rounds, policies });
        for (policy, played) in played {
            match sums.iter_mut().find(|(known, _)| *known == policy) {
                Some((_, sum)) => sum.add(&played),
                None => sums.push((policy, played)),
            }
        }
        if control.cancel.is_requested() {
            break;
        }
    }
    control.step("backtest", starts.len(), starts.len());
    let headline = told::headline(&base, &sums, flagged, windows.len());
    let mut warnings: Vec<String> =
        few.into_iter().chain(own.into_iter().flat_map(|own| own.warnings)).collect();
    if !is_floor {
        warnings.push(NO_FLOOR.to_owned());
    }
    let by_pair = told::by_pair(&all, &sums);
    let presentation = told::present(&base, &headline, &warnings, &windows, &sums);
    Ok(Backtest {
        from: windows.first().map_or(base.plan_date, |window| window.from),
        windows,
        rounds: options.rounds,
        policies: document(&sums),
        headline,
        warnings,
        tables: Tables::default().with(by_pair),
        presentation,
    })
}

/// Reads the input as it was known at a date.
struct Reader<'a> {
    name: &'a str,
    tables: &'a Tables,
    settings: &'a Settings,
}

impl Reader<'_> {
    /// The problem as known on `date`; the state of stock and orders is the replay's, not the tables'.
    fn at(&self, date: NaiveDate, horizon: Option<usize>) -> Result<Problem, Faults> {
        let mut tables = Tables::default();
        for table in self.tables.as_slice() {
            match table.name() {
                "open_orders" | "customer_orders" | "locks" => {}
                "stock" => {
                    // Which stock points there are; how much they hold is the replay's.
                    let mut stock = table.clone();
                    stock.set("date", crate::data::Column::Date(vec![day_number(date); stock.len()]));
                    tables.insert(stock);
                }
                _ => tables.insert(table.clone()),
            }
        }
        let mut settings = self.settings.clone().with("plan_date", date);
        if let Some(horizon) = horizon {
            settings = settings.with("horizon", horizon);
        }
        Problem::read(self.name, tables, &settings)
    }

    /// First day of the bucket after the last sale.
    fn after_last_sale(&self, base: &Problem) -> NaiveDate {
        let days = self.tables.get("sales").and_then(|sales| sales.date("date")).unwrap_or(&[]);
        let last = days.iter().copied().filter(|&day| day != Table::NO_DATE).max();
        let last = last.and_then(date_of).unwrap_or(base.plan_date).max(base.buckets.start_of(-1));
        base.buckets.start_of(base.buckets.index_of(last) + 1)
    }
}

/// Buckets from an order placed with the first source on the first day of `bucket` to its use.
fn lead_buckets(problem: &Problem, pair: &Pair, bucket: i64) -> usize {
    pair.sources.first().map_or(0, |source| lead_of(problem, source, bucket))
}

/// Buckets from an order placed with a source on the first day of `bucket` to its use.
fn lead_of(problem: &Problem, source: &Source, bucket: i64) -> usize {
    let days = source.mean_lead_time_days().round() as u64;
    let placed = problem.buckets.start_of(bucket);
    let arrives = placed.checked_add_days(chrono::Days::new(days)).unwrap_or(placed);
    usize::try_from(problem.buckets.first_from(arrives) - bucket).unwrap_or(0)
}

/// First buckets of the windows, counted on the line of `base`, and a warning where there are
/// fewer than were asked for.
fn window_starts(
    base: &Problem,
    all: &Problem,
    options: &BacktestOptions,
) -> Result<(Vec<i64>, Option<String>), Faults> {
    let end = base.buckets.index_of(all.plan_date);
    let oldest = end - all.history_buckets as i64;
    let lead = base.pairs.iter().map(|pair| lead_buckets(base, pair, 0)).max().unwrap_or(0);
    let span = (options.rounds * base.review_period + lead) as i64;
    let last = end - span;
    let first = match options.from {
        Some(date) => base.buckets.index_of(date),
        None => (last - (options.windows.max(1) as i64 - 1) * (options.rounds * base.review_period) as i64)
            .max((oldest + LEAST_HISTORY).min(last)),
    };
    if options.rounds == 0 || first > last || first <= oldest {
        let fault = if options.rounds == 0 {
            Fault::error(Code::OutOfRange, "--rounds", "a backtest needs at least one round")
        } else {
            let date = base.buckets.start_of(first);
            Fault::error(
                Code::OutOfRange,
                "--from",
                format!(
                    "{} rounds from {date} need sales to {}",
                    options.rounds,
                    base.buckets.start_of(first + span)
                ),
            )
            .with_help(if last > oldest {
                format!(
                    "the history allows first decisions from {} to {}",
                    base.buckets.start_of(oldest + 1),
                    base.buckets.start_of(last)
                )
            } else {
                format!(
                    "the history of {} is too short for {}; take fewer --rounds or hand in older sales",
                    count(all.history_buckets, bucket_word(base)),
                    count(options.rounds, "round")
                )
            })
        };
        return Err(fault.into());
    }
    let starts = spaced(first, last, options.windows);
    let few = (starts.len() < options.windows).then(|| {
        let fit = match starts.len() {
            1 => "1 fits".to_owned(),
            count => format!("{count} fit"),
        };
        let least = match options.from {
            Some(_) => "from --from on".to_owned(),
            None => format!(
                "after {LEAST_HISTORY} {}s of history, or all there are (--from sets another start)",
                bucket_word(base)
            ),
        };
        format!(
            "of {} windows {fit}: first decisions can be taken from {} to {}, {least}",
            options.windows,
            base.buckets.start_of(first),
            base.buckets.start_of(last),
        )
    });
    Ok((starts, few))
}

fn document(played: &[(&'static str, Played)]) -> Map<String, Value> {
    played.iter().map(|(name, played)| ((*name).to_owned(), played.document())).collect()
}
