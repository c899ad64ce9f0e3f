//! The history in the tables as the mix model takes it.

use std::collections::BTreeMap;

use super::geo::{GeoReadout, read_tests};
use super::periods::Periods;
use super::{is_blank, notice, warning};
use crate::data::{Code, Fault, Faults, SettingsValues, Table, Tables};
use crate::predict::mix::{Adstock, Belief, Channel, ControlSeries, LiftTest, MixError, MixHistory};

/// A channel's limits in the plan's window; NaN where not given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limit {
    pub min: f64,
    pub max: f64,
    pub step: f64,
    pub current: f64,
}

/// A history that can be fitted.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub mix: MixHistory,
    pub periods: Periods,
    /// Money spent by channel and period; the model may see exposures instead.
    pub money: Vec<Vec<f64>>,
    pub limits: Vec<Limit>,
    /// Periods of the plan's window.
    pub window: usize,
    /// Greatest spend a period over the greatest that history shows.
    pub reach: f64,
    /// How effects are carried over.
    pub adstock: Adstock,
    /// Whether spend is to be planned period by period.
    pub is_paced: bool,
    pub spend_file: String,
    pub geo: Vec<GeoReadout>,
    /// File and row that each lift test of the model comes from.
    test_rows: Vec<(String, u64)>,
    sales_file: String,
    priors_file: String,
}

/// A history shorter than this many periods a channel says little.
const PERIODS_A_CHANNEL: usize = 10;

impl History {
    /// Reads the tables; they were validated.
    pub fn read(tables: &Tables, settings: &SettingsValues, faults: &mut Faults) -> Result<Self, Faults> {
        for name in ["spend", "sales"] {
            if is_blank(tables, name) {
                let message = format!("there is neither response_curves nor a table {name}");
                let fault = Fault::error(Code::MissingTable, name, message);
                let help = "give response_curves, or the history in spend and sales";
                faults.push(fault.with_help(help));
            }
        }
        let blank = Table::default();
        let table = |name: &str| tables.get(name).unwrap_or(&blank);
        let (spend, sales) = (table("spend"), table("sales"));
        let outcomes = sums(sales, "quantity");
        let days: Vec<i32> = outcomes.keys().copied().collect();
        let Some(periods) = Periods::of(&days) else {
            let fault = Fault::error(Code::Contradiction, sales.file(), "sales has fewer than two dates");
            faults.push(fault.with_help("give at least 12 periods of sales, better two years"));
            return Err(std::mem::take(faults));
        };
        let mut outcome = vec![f64::NAN; periods.starts.len()];
        for (day, quantity) in &outcomes {
            if let Some(at) = periods.at(*day) {
                outcome[at] = *quantity;
            }
        }
        let mut history = History {
            mix: MixHistory { outcome, season_length: periods.season_length(), ..MixHistory::default() },
            periods,
            money: Vec::new(),
            limits: Vec::new(),
            window: settings.integer("plan_periods").map_or(13, |count| count.max(1) as usize),
            reach: settings.number("reach").unwrap_or(1.5),
            is_paced: settings.text("pacing") == Some("by_period"),
            adstock: match settings.text("adstock") {
                Some("weibull") => Adstock::Weibull,
                Some("auto") => Adstock::Auto,
                _ => Adstock::Geometric,
            },
            spend_file: spend.file().to_owned(),
            geo: Vec::new(),
            test_rows: Vec::new(),
            sales_file: sales.file().to_owned(),
            priors_file: table("priors").file().to_owned(),
        };
        history.read_spend(spend, faults);
        history.read_controls(table("controls"), faults);
        history.read_priors(table("priors"), faults);
        history.read_limits(table("channel_limits"), faults);
        history.read_lift_tests(table("lift_tests"), faults);
        history.geo = read_tests(table("geo_tests"), faults);
        history.calibrate(table("geo_tests"), faults);
        let broken = std::mem::take(faults).into_result()?;
        *faults = broken;
        Ok(history)
    }

    fn channel(&self, name: &str) -> Option<usize> {
        self.mix.channels.iter().position(|channel| channel.name == name)
    }

    fn read_spend(&mut self, table: &Table, faults: &mut Faults) {
        let count = self.periods.starts.len();
        let (mut outside, mut exposures) = (0, Vec::new());
        for row in 0..table.len() {
            let name = table.cell_text("channel", row);
            let at = self.channel(&name).unwrap_or_else(|| {
                self.mix.channels.push(Channel { name, spend: vec![0.0; count], ..Channel::default() });
                self.money.push(vec![0.0; count]);
                exposures.push(vec![0.0; count]);
                self.money.len() - 1
            });
            let Some(period) = self.periods.at(day(table, "date", row)) else {
                outside += 1;
                continue;
            };
            self.money[at][period] += cell(table, "spend", row).max(0.0);
            let exposure = cell(table, "exposure", row);
            exposures[at][period] += if exposure.is_nan() { 0.0 } else { exposure };
        }
        for (at, exposure) in exposures.iter().enumerate() {
            // Exposures at their mean cost: the model stays in money.
            let (seen, paid): (f64, f64) = (exposure.iter().sum(), self.money[at].iter().sum());
            self.mix.channels[at].spend = match seen > 0.0 && paid > 0.0 {
                true => exposure.iter().map(|value| value * paid / seen).collect(),
                false => self.money[at].clone(),
            };
        }
        if outside > 0 {
            let message = format!("{outside} rows are dated before the first or after the last sales period");
            let told = warning(Code::OutOfRange, table.file(), message);
            faults.push(told.with_help("they are left out; give sales for these periods too"));
        }
    }

    fn read_controls(&mut self, table: &Table, faults: &mut Faults) {
        let count = self.periods.starts.len();
        let mut series: BTreeMap<String, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        for row in 0..table.len() {
            let Some(period) = self.periods.at(day(table, "date", row)) else { continue };
            let entry = series
                .entry(table.cell_text("control", row))
                .or_insert_with(|| (vec![0.0; count], vec![0.0; count]));
            entry.0[period] += cell(table, "value", row);
            entry.1[period] += 1.0;
        }
        for (name, (sums, counts)) in series {
            let blank = counts.iter().filter(|&&seen| seen == 0.0).count();
            if blank > 0 {
                let message =
                    format!("{name} has no value in {blank} of {count} periods; it counts as 0 there");
                faults.push(notice(Code::OutOfRange, table.file(), message));
            }
            let values = sums.iter().zip(&counts).map(|(sum, seen)| sum / seen.max(1.0)).collect();
            self.mix.controls.push(ControlSeries { name, values });
        }
    }

    /// The channel that a row names.
    fn named(&self, table: &Table, row: usize, faults: &mut Faults) -> Option<usize> {
        let name = table.cell_text("channel", row);
        let at = self.channel(&name);
        if at.is_none() {
            let fault = Fault::error(Code::UnknownReference, table.file(), format!("{name} is not in spend"));
            let fault = fault.at_row(table.row_number(row)).in_column("channel", &name);
            faults.push(fault.with_help("name a channel of the table spend"));
        }
        at
    }

    fn read_priors(&mut self, table: &Table, faults: &mut Faults) {
        for row in 0..table.len() {
            let Some(at) = self.named(table, row, faults) else { continue };
            let belief = Some(Belief { mean: cell(table, "mean", row), sd: cell(table, "sd", row) });
            let beliefs = &mut self.mix.channels[at].beliefs;
            match table.cell_text("parameter", row).as_str() {
                "carry_over" => beliefs.carry_over = belief,
                "half_saturation" => beliefs.half_saturation = belief,
                "shape" => beliefs.shape = belief,
                _ => beliefs.roas = belief,
            }
        }
    }

    fn read_limits(&mut self, table: &Table, faults: &mut Faults) {
        let none = Limit { min: 0.0, max: f64::NAN, step: 0.0, current: f64::NAN };
        self.limits = vec![none; self.mix.channels.len()];
        for row in 0..table.len() {
            let Some(at) = self.named(table, row, faults) else { continue };
            let or = |value: f64, default: f64| if value.is_nan() { default } else { value };
            self.limits[at] = Limit {
                min: or(cell(table, "min", row), 0.0),
                max: cell(table, "max", row),
                step: or(cell(table, "step", row), 0.0),
                current: cell(table, "current", row),
            };
        }
    }

    fn read_lift_tests(&mut self, table: &Table, faults: &mut Faults) {
        for row in 0..table.len() {
            let Some(channel) = self.named(table, row, faults) else { continue };
            let ends = ["start", "end"].map(|column| self.periods.at(day(table, column, row)));
            let [Some(from), Some(to)] = ends else {
                let message = "the test lies outside the periods with sales".to_owned();
                let fault = Fault::error(Code::OutOfRange, table.file(), message);
                let fault = fault.at_row(table.row_number(row));
                faults.push(fault.with_help("give sales for the periods of the test, or take the row out"));
                continue;
            };
            if from > to {
                let fault = Fault::error(Code::Contradiction, table.file(), "the test ends before it starts");
                faults.push(fault.at_row(table.row_number(row)).with_help("exchange start and end"));
                continue;
            }
            let (lift, error) = (cell(table, "lift", row), cell(table, "error", row));
            let share = cell(table, "share", row);
            let until = None;
            self.mix.lift_tests.push(LiftTest { channel, from, to, until, share, lift, error });
            self.test_rows.push((table.file().to_owned(), table.row_number(row)));
        }
    }

    /// Regional experiments on a known channel inside the history become lift tests.
    fn calibrate(&mut self, table: &Table, faults: &mut Faults) {
        for test in &self.geo {
            let ends = [test.first, test.last].map(|day| self.periods.at(day));
            let (Some(channel), [Some(from), Some(to)]) = (self.channel(&test.channel), ends) else {
                let message = format!(
                    "test {} is read out, but calibrates nothing: its channel or its days are not in the history",
                    test.name
                );
                faults.push(notice(Code::UnknownReference, table.file(), message));
                continue;
            };
            let outcome = &self.mix.outcome[from..=to];
            let sold: f64 = outcome.iter().filter(|y| y.is_finite()).sum();
            // What the cut took from the treated regions it would have taken from the others too: their sales
            // and their part of the recorded spend, which is cut in the treated regions already, say how much.
            let rest = test.untreated;
            let lift = -test.effect.relative() * sold * rest;
            let error = test.effect.error * test.effect.effect.exp() * sold * rest;
            let share = test.share * rest / (1.0 - test.share * (1.0 - rest));
            if !(error > 0.0 && share > 0.0 && share.is_finite()) {
                let message = format!(
                    "test {} is read out, but calibrates nothing: its days have no sales, or its regions do not differ",
                    test.name
                );
                faults.push(notice(Code::OutOfRange, table.file(), message));
                continue;
            }
            let until = Some(to);
            self.mix.lift_tests.push(LiftTest { channel, from, to, until, share, lift, error });
            self.test_rows.push((table.file().to_owned(), table.row_number(test.row)));
        }
    }

    /// The fault of a history that cannot be fitted, at the file that it comes from.
    pub fn refused(&self, error: &MixError) -> Faults {
        let file = match error {
            MixError::Length { .. } | MixError::Value { .. } => &self.spend_file,
            MixError::Belief { .. } => &self.priors_file,
            _ => &self.sales_file,
        };
        let (file, row) = match error {
            MixError::LiftTest { at } => {
                self.test_rows.get(*at).map_or((file, None), |(file, row)| (file, Some(*row)))
            }
            _ => (file, None),
        };
        let message = match error {
            MixError::LiftTest { .. } => {
                "the test has a window, share, lift or error that is not possible".to_owned()
            }
            other => other.to_string(),
        };
        let fault = Fault::error(Code::Contradiction, file, message);
        let fault = fault.with_help("correct the history, or give response_curves");
        row.map_or(fault.clone(), |row| fault.at_row(row)).into()
    }

    /// Curves of no meaning with the bounds of the fitted ones, so that limits can be looked at before the fit.
    pub fn stand_ins(&self) -> Table {
        let spent: Vec<usize> = (0..self.money.len()).filter(|&c| self.greatest(c) > 0.0).collect();
        let each = |of: &dyn Fn(usize) -> f64| -> Vec<f64> { spent.iter().map(|&c| of(c)).collect() };
        Table::new("response_curves")
            .from_file(format!("{} (fitted)", self.spend_file))
            .with_text("channel", spent.iter().map(|&c| &self.mix.channels[c].name))
            .with_number("a", each(&|_| 1.0))
            .with_number("k", each(&|_| 1.0))
            .with_number("s", each(&|_| 1.0))
            .with_number("max", each(&|c| self.ends(c).1))
            .with_number("min", each(&|c| self.ends(c).0))
            .with_number("step", each(&|c| self.limits[c].step))
            .with_number("current", each(&|c| self.rate(c)))
            .with_number("error", each(&|_| 0.0))
            .with_number("total_min", each(&|c| if self.is_paced { self.limits[c].min } else { f64::NAN }))
            .with_number("total_max", each(&|c| if self.is_paced { self.limits[c].max } else { f64::NAN }))
    }

    /// What a reader should know of this history.
    pub fn notices(&self) -> Faults {
        let mut faults = Faults::default();
        let file = &self.spend_file;
        let known = self.mix.outcome.iter().filter(|y| y.is_finite()).count();
        let missing = self.mix.outcome.len() - known;
        if missing > 0 {
            let message =
                format!("{missing} of {} periods have no sales; they are not fitted", known + missing);
            faults.push(notice(Code::OutOfRange, "sales", message));
        }
        if known < PERIODS_A_CHANNEL * self.mix.channels.len() {
            let message = format!(
                "{known} periods say little of {} channels; intervals are wide and what is believed beforehand counts",
                self.mix.channels.len()
            );
            faults.push(warning(Code::OutOfRange, "sales", message));
        }
        for (at, channel) in self.mix.channels.iter().enumerate() {
            let most = channel.spend.iter().copied().fold(0.0, f64::max);
            let name = &channel.name;
            if most <= 0.0 {
                let message = format!("nothing was ever spent on {name}; it gets no curve");
                faults.push(warning(Code::OutOfRange, file, message));
            } else if self.mix.is_untold(at) {
                let message = format!(
                    "spend on {name} never changed: what it brings is not identified and rests on belief"
                );
                let told = warning(Code::OutOfRange, file, message);
                faults.push(told.with_help("vary its spend, or give lift_tests or priors of it"));
            }
        }
        faults
    }
}

/// A number of a table; NaN where the cell is blank or the column is not there.
pub(super) fn cell(table: &Table, column: &str, row: usize) -> f64 {
    table.number(column).and_then(|cells| cells.get(row)).copied().unwrap_or(f64::NAN)
}

/// A day of a table; the first of all days where it is blank, which belongs to no period.
pub(super) fn day(table: &Table, column: &str, row: usize) -> i32 {
    table.date(column).and_then(|cells| cells.get(row)).copied().unwrap_or(i32::MIN)
}

/// Sums of a column by day.
fn sums(table: &Table, column: &str) -> BTreeMap<i32, f64> {
    let mut sums = BTreeMap::new();
    for row in 0..table.len() {
        *sums.entry(day(table, "date", row)).or_insert(0.0) += cell(table, column, row);
    }
    sums
}
