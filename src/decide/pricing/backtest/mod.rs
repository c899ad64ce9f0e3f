//! The windows of a pricing backtest: what was known, what was decided, and what a
//! response fitted on the later sales says of it.

#[cfg(test)]
mod tests;
mod told;
mod window;

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value};

use super::problem::{CONTRACT, Goal};
use crate::control::Control;
use crate::data::{
    Code, Fault, Faults, Schema, Settings, SettingsValues, Table, Tables, date_of, day_number, validate,
};
use crate::decide::backtest::spaced;
use crate::decide::{Backtest, BacktestOptions, BacktestWindow};
use crate::presentation::Style;
use window::{Scored, Window};

/// Names of the policies in the order in which they are shown.
const PURVEY: &str = "purvey";
const THEN: &str = "past_prices";
const KEPT: &str = "kept_prices";
const FORESIGHT: &str = "perfect_foresight";
const POLICIES: [&str; 4] = [PURVEY, THEN, KEPT, FORESIGHT];

/// Share of the history that a window chosen without a date leaves for the judge.
const LATER_SHARE: i64 = 3;
/// Periods before the first window, at least.
const LEAST_HISTORY: i64 = 8;
/// Rounds beyond which no history reaches.
const MOST_ROUNDS: usize = 1_000_000;
/// Periods below which the judge is said to know little.
const FEW_LATER: i64 = 20;

/// Replays the windows that `options` ask for.
///
/// # Errors
/// Faults of the input, or windows that the history cannot hold.
pub(super) fn backtest(
    name: &str,
    tables: &Tables,
    settings: &Settings,
    options: &BacktestOptions,
    control: &Control,
) -> Result<Backtest, Faults> {
    let past = Past::new(name, tables, settings, options)?;
    let starts = past.starts(options)?;
    let (mut windows, mut all) = (Vec::new(), Scored::default());
    for (index, &first) in starts.iter().enumerate() {
        control.step("backtest", index, starts.len());
        let scored = Window::new(&past, first, options.rounds, control)?.replay()?;
        let policies = document(&scored, past.goal);
        if scored.rounds > 0 {
            windows.push(BacktestWindow { from: past.date(first), rounds: scored.rounds, policies });
            all.add(scored);
        }
        if control.should_stop() {
            break;
        }
    }
    control.step("backtest", starts.len(), starts.len());
    let warnings = past.warnings(&starts, options, &all);
    let headline = told::headline(&past, &all);
    Ok(Backtest {
        from: past.date(starts[0]),
        rounds: options.rounds,
        policies: document(&all, past.goal),
        presentation: told::present(&past, &headline, &warnings, &windows, &all),
        tables: Tables::default().with(told::replayed(&past, &all)),
        windows,
        headline,
        warnings,
    })
}

/// Key figures by policy.
fn document(scored: &Scored, goal: Goal) -> Map<String, Value> {
    let mut policies = Map::new();
    for (policy, totals) in POLICIES.iter().zip(&scored.totals) {
        let mut figures = Map::new();
        for (name, value) in [Goal::Margin, Goal::Revenue, Goal::Volume].iter().zip(totals) {
            figures.insert(name.word().to_owned(), (*value).into());
        }
        if *policy == PURVEY {
            let (low, high) = scored.gain_interval();
            for (name, value) in
                [("gain", scored.gain(goal)), ("gain_low", low), ("gain_high", high), ("wape", scored.wape())]
            {
                figures.insert(
                    name.to_owned(),
                    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number),
                );
            }
        }
        policies.insert((*policy).to_owned(), Value::Object(figures));
    }
    policies
}

/// The history and the rules, read once.
pub(super) struct Past<'a> {
    name: &'a str,
    /// Checked tables and settings.
    tables: Tables,
    settings: &'a Settings,
    sales: Table,
    values: SettingsValues,
    goal: Goal,
    /// Days of a period.
    days: i64,
    /// Days of the first and of the last sale.
    first: i64,
    last: i64,
    style: Style,
}

impl<'a> Past<'a> {
    fn new(
        name: &'a str,
        tables: &Tables,
        settings: &'a Settings,
        options: &BacktestOptions,
    ) -> Result<Self, Faults> {
        let refuse = |code, file: &str, text: &str, help: &str| {
            Err(Faults::from(Fault::error(code, file, text).with_help(help)))
        };
        if options.own_orders.is_some() {
            let help = "leave --own-orders out: the prices of the sales are replayed as they were";
            return refuse(Code::UnknownTable, "--own-orders", "pricing replays prices, not orders", help);
        }
        if options.rounds == 0 {
            return refuse(Code::OutOfRange, "--rounds", "a window needs a decision", "give 1 or more");
        }
        let schema = Schema::parse(CONTRACT)
            .map_err(|error| Fault::error(Code::BadDeclaration, "pricing.toml", error.to_string()))?;
        let valid = validate(tables.clone(), settings, &schema)?;
        let Some(sales) = valid.tables.get("sales").filter(|sales| !sales.is_empty()).cloned() else {
            let help = "give the table sales";
            return refuse(Code::MissingTable, "sales", "a backtest needs a history of sales", help);
        };
        let dates = sales.date("date").unwrap_or(&[]);
        let ends = (dates.iter().min(), dates.iter().max());
        let (first, last) =
            (ends.0.map_or(0, |&day| i64::from(day)), ends.1.map_or(0, |&day| i64::from(day)));
        let values = valid.settings;
        Ok(Past {
            name,
            settings,
            goal: Goal::named(values.choice("goal")),
            days: values.integer("period_days").unwrap_or(7).max(1),
            style: Style::for_currency(values.text("currency").unwrap_or("EUR")),
            tables: valid.tables,
            values,
            sales,
            first,
            last,
        })
    }

    fn date(&self, day: i64) -> NaiveDate {
        i32::try_from(day).ok().and_then(date_of).unwrap_or_default()
    }

    /// Periods from `day` to the end of the sales.
    fn periods_from(&self, day: i64) -> i64 {
        (self.last - day).div_euclid(self.days) + 1
    }

    /// First days of the windows.
    fn starts(&self, options: &BacktestOptions) -> Result<Vec<i64>, Faults> {
        // More rounds than any history has periods do not fit either.
        let rounds = options.rounds.min(MOST_ROUNDS) as i64;
        let after_last = self.last + self.days - (self.last - self.first).rem_euclid(self.days);
        let chosen = || {
            let later = rounds.max((after_last - self.first) / self.days / LATER_SHARE);
            after_last - later * self.days
        };
        let from = options.from.map_or_else(chosen, |date| i64::from(day_number(date)));
        let fits = self.periods_from(from) - rounds;
        let known = (from - self.first) / self.days;
        if known < LEAST_HISTORY || fits < 0 {
            let day = |periods: i64| {
                let first = self.date(self.first);
                first.checked_add_days(Days::new((periods * self.days).max(0) as u64)).unwrap_or(first)
            };
            let latest = (after_last - self.first) / self.days - rounds;
            let text = format!("a window of {rounds} rounds cannot begin on {}", self.date(from));
            let fault = Fault::error(Code::OutOfRange, self.sales.file(), text);
            return Err(if latest < LEAST_HISTORY {
                let least = LEAST_HISTORY + rounds;
                fault.with_help(format!("give at least {least} periods of sales, or fewer --rounds")).into()
            } else {
                let help = format!("choose --from between {} and {}", day(LEAST_HISTORY), day(latest));
                fault.with_help(help).into()
            });
        }
        let windows = options.windows.min(fits as usize + 1);
        Ok(spaced(0, fits, windows).into_iter().map(|at| from + at * self.days).collect())
    }

    /// What the reader should know of the windows.
    fn warnings(&self, starts: &[i64], options: &BacktestOptions, all: &Scored) -> Vec<String> {
        let mut warnings = Vec::new();
        if starts.len() < options.windows {
            warnings.push(format!("{} windows fit, not {}", starts.len(), options.windows));
        }
        let least = starts.iter().map(|&start| self.periods_from(start)).min().unwrap_or(0);
        if least < FEW_LATER {
            warnings.push(format!(
                "a window is judged by {least} later periods only, which say little of how demand answers; \
                 an earlier --from leaves more"
            ));
        }
        if all.unidentified > 0 {
            warnings.push(format!(
                "{} of {} responses of the judge rest on one later price only: they are what the other products have \
                 in common",
                all.unidentified, all.judged
            ));
        }
        if all.unanswered > 0 {
            warnings.push(format!(
                "in {} rounds no prices kept all rules; the earlier ones stayed",
                all.unanswered
            ));
        }
        let asked = starts.len() * options.rounds;
        if all.rounds < asked {
            warnings.push(format!("the run was stopped after {} of {asked} rounds", all.rounds));
        }
        if all.unfound > 0 {
            warnings.push(format!(
                "in {} rounds no prices were found within the limits of the run; the earlier ones stayed",
                all.unfound
            ));
        }
        if self.tables.get("clearance").is_some_and(|table| !table.is_empty()) {
            let text = "stock to clear is left out: its products are replayed like the others";
            warnings.push(text.to_owned());
        }
        if self.tables.get("competitors").is_some_and(|table| !table.is_empty()) {
            warnings
                .push("competitors' prices of the past are not known; their bands are left out".to_owned());
        }
        if ["elasticity", "quantity"].iter().any(|name| self.states(name)) {
            warnings.push(
                "stated elasticities are taken as known at the time; stated quantities are not used"
                    .to_owned(),
            );
        }
        warnings
    }

    fn states(&self, column: &str) -> bool {
        let products = self.tables.get("products").and_then(|table| table.number(column));
        products.is_some_and(|values| values.iter().any(|value| !value.is_nan()))
    }
}
