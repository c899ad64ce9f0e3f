//! The validated problem: channels with their curves and bounds, and the budget.

use std::time::Instant;

use super::goals::{self, Goal, Goals};
use super::pacing::{self, Pacing};
use crate::data::{Code, Fault, Faults, Schema, Settings, Table, Tables, validate};
use crate::decide::Input;
use crate::presentation::Style;

/// The text of the contract.
pub(super) const CONTRACT: &str = include_str!("../../../models/advertising.toml");

/// One channel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Channel {
    pub name: String,
    /// Response that unlimited spend tends to, the spend that reaches half of it, the shape.
    pub a: f64,
    pub k: f64,
    pub s: f64,
    pub min: f64,
    pub max: f64,
    /// 0 for any amount.
    pub step: f64,
    /// Money that a unit of response is worth.
    pub margin: f64,
    /// Share of the response that is new customers, and standard error of the response as a share of
    /// it; NaN where unknown.
    pub new_share: f64,
    pub error: f64,
    /// Current spend; NaN where unknown.
    pub current: f64,
    /// Row of the table that states it.
    pub row: u64,
}

impl Channel {
    /// The least spend that its step allows.
    pub fn least(&self) -> f64 {
        if self.step > 0.0 { (self.min / self.step - NEAR).ceil().max(0.0) * self.step } else { self.min }
    }

    /// The greatest spend that its step allows.
    pub fn most(&self) -> f64 {
        if self.step > 0.0 { (self.max / self.step + NEAR).floor() * self.step } else { self.max }
    }

    /// Whether a spend stands at the least or at the greatest one.
    pub fn stands_at(&self, spend: f64) -> Ends {
        let near = |end: f64| (spend - end).abs() <= TOUCHING * end.max(1.0);
        Ends { least: near(self.least()), most: near(self.most()) }
    }
}

/// At which ends of its range a spend stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    pub least: bool,
    pub most: bool,
}

/// Share of a step by which a bound may miss a multiple and still count as one.
const NEAR: f64 = 1e-9;
/// Relative distance at which a spend stands at a bound.
pub(super) const TOUCHING: f64 = 1e-7;

/// A problem that can be solved and checked.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub name: String,
    /// The file of the curves, as messages name it.
    pub file: String,
    pub channels: Vec<Channel>,
    pub budget: f64,
    /// Whether the budget is the sum of current spend.
    pub budget_is_current: bool,
    /// Most money that a unit of response may cost, where there is a target.
    pub most_cost: Option<f64>,
    /// What the split makes most of: response or profit.
    pub aim: Goal,
    /// Where there are several.
    pub goals: Option<Goals>,
    /// Where spend is planned period by period.
    pub pacing: Option<Pacing>,
    pub response_unit: String,
    pub style: Style,
    pub notices: Faults,
    pub read_seconds: f64,
}

/// What a problem was made from, so that new facts can join it.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub name: String,
    pub tables: Tables,
    pub settings: Settings,
}

impl Problem {
    /// The decision's contract.
    pub fn schema() -> Result<Schema, Faults> {
        Schema::parse(CONTRACT).map_err(|error| {
            Fault::error(Code::BadDeclaration, "models/advertising.toml", error.to_string()).into()
        })
    }

    /// Reads and checks the input.
    pub fn read(input: Input) -> Result<(Self, Source), Faults> {
        let started = Instant::now();
        let (name, tables, settings) = input.into_tables("advertising")?;
        let source = Source { name: name.clone(), tables: tables.clone(), settings: settings.clone() };
        let valid = validate(tables, &settings, &Self::schema()?)?;
        let mut faults = valid.notices;
        let table = valid.tables.get("response_curves").cloned().unwrap_or_default();
        let channels = channels(&table, valid.settings.number("margin").unwrap_or(1.0), &mut faults);
        let limits = valid.tables.get("period_limits").cloned().unwrap_or_default();
        let pacing = pacing::read(&table, &limits, &channels, &valid.settings, &mut faults);
        let periods = pacing.as_ref().map_or(1.0, |pacing| pacing.periods as f64);
        let current: f64 = periods
            * channels.iter().map(|channel| channel.current).filter(|spend| !spend.is_nan()).sum::<f64>();
        let given = valid.settings.number("budget");
        let knows_current = channels.iter().any(|channel| !channel.current.is_nan());
        if given.is_none() && !knows_current {
            let fault = Fault::error(Code::MissingKey, "instance.toml", "budget is not set");
            faults.push(
                fault.with_help(
                    "write budget under [settings], use --set budget=…, or fill the column current",
                ),
            );
        }
        let word = |name: &str| valid.settings.text(name).unwrap_or_default().to_owned();
        let points = valid.settings.integer("front_points").and_then(|points| usize::try_from(points).ok());
        let goals = goals::read(&word("goals"), &word("choice"), points.unwrap_or(0), &channels, &mut faults);
        let by_roas = valid.settings.number("min_roas").map(|roas| 1.0 / roas);
        let most_cost = valid.settings.number("max_cpa").into_iter().chain(by_roas).reduce(f64::min);
        let aim = match word("objective").as_str() {
            "profit" => Goal::Profit,
            _ => Goal::Response,
        };
        if aim == Goal::Profit {
            check_alone("objective: profit", most_cost.is_some(), goals.is_some(), &mut faults);
        }
        if pacing.is_some() {
            check_alone("pacing: by_period", most_cost.is_some(), goals.is_some(), &mut faults);
        }
        let problem = Problem {
            name,
            file: table.file().to_owned(),
            channels,
            budget: given.unwrap_or(current),
            budget_is_current: given.is_none(),
            most_cost,
            aim,
            goals,
            pacing,
            response_unit: word("response_unit"),
            style: Style::for_currency(&word("currency")),
            notices: faults.into_result()?,
            read_seconds: started.elapsed().as_secs_f64(),
        };
        Ok((problem, source))
    }

    /// Number of decimals and all, an amount of money as a person reads it.
    pub fn money(&self, amount: f64) -> String {
        self.style.money(amount)
    }
}

/// What cannot go together with profit as the objective, or with a plan by period.
fn check_alone(setting: &str, has_target: bool, has_goals: bool, faults: &mut Faults) {
    let others = [
        (has_target, "a target for the cost of response", "leave max_cpa and min_roas out"),
        (has_goals, "several goals", "leave goals out, or the other setting"),
    ];
    for (_, what, help) in others.into_iter().filter(|(is_given, ..)| *is_given) {
        let message = format!("{setting} does not go together with {what}");
        faults.push(Fault::error(Code::Contradiction, "instance.toml", message).with_help(help));
    }
}

fn channels(table: &Table, margin: f64, faults: &mut Faults) -> Vec<Channel> {
    let cell = |column: &str, row: usize| {
        table.number(column).and_then(|cells| cells.get(row)).copied().unwrap_or(f64::NAN)
    };
    let mut channels = Vec::with_capacity(table.len());
    for row in 0..table.len() {
        let channel = Channel {
            name: table.cell_text("channel", row),
            a: cell("a", row),
            k: cell("k", row),
            s: cell("s", row),
            min: cell("min", row),
            max: cell("max", row),
            step: cell("step", row),
            margin: if cell("margin", row).is_nan() { margin } else { cell("margin", row) },
            new_share: cell("new_share", row),
            error: cell("error", row),
            current: cell("current", row),
            row: table.row_number(row),
        };
        check_bounds(&channel, table, row, faults);
        channels.push(channel);
    }
    channels
}

/// Bounds that no spend can keep.
fn check_bounds(channel: &Channel, table: &Table, row: usize, faults: &mut Faults) {
    let Channel { name, min, max, step, .. } = channel;
    let fault = |column: &str, message: String, help: &str| {
        Fault::error(Code::Contradiction, table.file(), message)
            .at_row(channel.row)
            .in_column(column, table.cell_text(column, row))
            .with_help(help)
    };
    if min > max {
        let message = format!("{name} must spend at least {min} and at most {max}");
        faults.push(fault("min", message, "lower min or raise max"));
    } else if *step > 0.0 && channel.least() > channel.most() {
        let message = format!("{name} has no multiple of {step} between {min} and {max}");
        faults.push(fault("step", message, "make step smaller or widen min and max"));
    }
}
