//! A result told neutrally: headline sentences, key figures, tables, charts,
//! notices, and one compact entry for each detail (a stock point, a route).
//!
//! A decision fills a [`Presentation`]; the command line prints its
//! [`Presentation::to_text`], the report room draws it as HTML, and the output
//! folder keeps it as `presentation.json`, so that a report can be drawn again
//! later without the decision that made it. Numbers stay numbers here; how
//! money, quantities, percentages and dates are written is said once, in
//! [`Style`].
//!
//! A value that is not known is NaN in memory, `null` in JSON, a dash on paper.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::solution::{Outcome, SolutionStatus, Termination};

mod chart;
mod details;
mod format;
mod nullable;
mod routes;
mod table;
mod text;

pub use chart::{
    Axis, Band, Bars, Comparison, HeatMap, Line, LineStyle, Lines, Marker, Span, StepKind, Tornado,
    TornadoBar, Waterfall, WaterfallStep,
};
pub use details::{Detail, DetailFact, DetailOrder, Details, Quantile};
pub use format::Style;
pub use routes::{Activity, MapPoint, MapRoute, RouteMap, TimeRow, TimeSpan, TimeTick, Timetable};
pub use table::{Cells, Column, Table};
pub use text::TextOptions;

/// Everything a report shows, in the order in which it shows it.
///
/// ```
/// use purvey::presentation::{Block, Figure, Measure, Presentation, Section, Tone};
/// let mut presentation = Presentation::new("corner-shop");
/// presentation.headline.push("Order 84 pieces for € 1,204 today.".to_owned());
/// presentation.figures.push(Figure::number("Order value", 1204.0, Measure::money()).with_tone(Tone::Good));
/// presentation.sections.push(Section::new("Assumptions").with(Block::text("Demand follows the forecast.")));
/// assert!(presentation.to_text(&Default::default()).contains("€ 1,204"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Presentation {
    /// Title, for example the instance's name.
    pub title: String,
    /// One line under the title: what was decided, for which horizon.
    pub subtitle: String,
    /// The date that the result speaks of (`plan_date`), not the date of the run.
    pub date: Option<NaiveDate>,
    /// How numbers are written.
    pub style: Style,
    /// Headline in sentences and money.
    pub headline: Vec<String>,
    /// Key figures, most important first.
    pub figures: Vec<Figure>,
    /// The rest, in order.
    pub sections: Vec<Section>,
}

/// A titled part of a presentation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Section {
    /// Title.
    pub title: String,
    /// One sentence on what the section shows; may be empty.
    pub lead: String,
    /// Its content, in order.
    pub blocks: Vec<Block>,
}

/// One piece of content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// Paragraphs.
    Text {
        /// One string a paragraph.
        paragraphs: Vec<String>,
    },
    /// Labelled values, one a line: the facts of a run, for example.
    Facts {
        /// Title; may be empty.
        title: String,
        /// The values.
        figures: Vec<Figure>,
    },
    /// Messages about the data or the result.
    Notices {
        /// Title; may be empty.
        title: String,
        /// The messages.
        notices: Vec<Notice>,
    },
    /// A table.
    Table(Table),
    /// How parts add up to a total.
    Waterfall(Waterfall),
    /// What moves a result most.
    Tornado(Tornado),
    /// Lines over time, with bands, shaded spans and markers.
    Lines(Lines),
    /// One bar a category.
    Bars(Bars),
    /// Values of two names, as colours.
    HeatMap(HeatMap),
    /// One stacked bar a policy.
    Comparison(Comparison),
    /// Routes over places.
    RouteMap(RouteMap),
    /// What each does when.
    Timetable(Timetable),
    /// Many compact entries, of which a reader picks one at a time.
    Details(Details),
}

/// A labelled value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// The value.
    pub value: Value,
    /// How the value is written, if it is a number.
    pub measure: Measure,
    /// Whether it is good news.
    pub tone: Tone,
    /// A short remark under the value; may be empty.
    pub note: String,
}

/// The value of a [`Figure`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A number, to be written by the figure's measure.
    Number(#[serde(with = "nullable")] f64),
    /// A day.
    Date(NaiveDate),
    /// Words.
    Text(String),
}

impl Default for Value {
    fn default() -> Self {
        Value::Text(String::new())
    }
}

/// What a number measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A plain number or a quantity of the measure's unit.
    #[default]
    Number,
    /// An amount in the presentation's currency.
    Money,
    /// A share: 0.95 is written 95 %.
    Percent,
}

/// How a number is written: what it measures, its unit, its decimals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measure {
    /// What it measures.
    pub kind: Kind,
    /// Unit after a plain number (`pieces`, `s`, `days`); empty for none.
    pub unit: String,
    /// Decimals; `None`: as many as the size of the number deserves.
    pub decimals: Option<u8>,
}

impl Measure {
    /// Money in the presentation's currency.
    #[must_use]
    pub fn money() -> Self {
        Measure { kind: Kind::Money, ..Measure::default() }
    }

    /// A share; 0.95 is written 95 %.
    #[must_use]
    pub fn percent() -> Self {
        Measure { kind: Kind::Percent, ..Measure::default() }
    }

    /// A plain number.
    #[must_use]
    pub fn number() -> Self {
        Measure::default()
    }

    /// A quantity of `unit`.
    #[must_use]
    pub fn quantity(unit: impl Into<String>) -> Self {
        Measure { unit: unit.into(), ..Measure::default() }
    }

    /// The same with a fixed number of decimals.
    #[must_use]
    pub fn with_decimals(mut self, decimals: u8) -> Self {
        self.decimals = Some(decimals);
        self
    }
}

/// Whether something is good news.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Neither.
    #[default]
    Neutral,
    /// Good news.
    Good,
    /// Worth a look.
    Warning,
    /// Bad news.
    Bad,
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// May change the decision.
    Warning,
    /// Something is wrong.
    Error,
}

/// One message about the data or the result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notice {
    /// How much it matters.
    pub severity: Severity,
    /// The message.
    pub text: String,
    /// Where it comes from (`sales.csv:118`); may be empty.
    pub place: String,
    /// Stable code (`not-a-number`); may be empty.
    pub code: String,
}

impl Presentation {
    /// An empty presentation with a title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Presentation { title: title.into(), ..Presentation::default() }
    }

    /// The tables of all sections, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }

    /// The presentation as the text of `presentation.json`.
    ///
    /// # Errors
    /// When the JSON writer fails, which only a lack of memory can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Reads the text of a `presentation.json`.
    ///
    /// # Errors
    /// When the text is not a presentation; the message names line and column.
    pub fn from_json(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

impl Section {
    /// An empty section with a title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Section { title: title.into(), ..Section::default() }
    }

    /// The same with a sentence on what it shows.
    #[must_use]
    pub fn with_lead(mut self, lead: impl Into<String>) -> Self {
        self.lead = lead.into();
        self
    }

    /// The same with one more block.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}

impl Block {
    /// One paragraph.
    #[must_use]
    pub fn text(paragraph: impl Into<String>) -> Self {
        Block::Text { paragraphs: vec![paragraph.into()] }
    }

    /// The facts of a run: status, objective, bound, gap, seed, threads, seconds by stage.
    ///
    /// `objective` says how objective and bound are written.
    #[must_use]
    pub fn run_facts(
        outcome: &Outcome,
        objective: &Measure,
        seed: u64,
        threads: usize,
        seconds: &[(String, f64)],
    ) -> Self {
        let mut figures = vec![
            Figure::text("Status", status_words(outcome.solution_status)),
            Figure::text("Stopped because", termination_words(outcome.termination)),
        ];
        let known = [("Objective", outcome.objective), ("Proven bound", outcome.bound)];
        for (label, value) in known {
            figures.push(Figure::number(label, value.unwrap_or(f64::NAN), objective.clone()));
        }
        let gap = outcome.gap().unwrap_or(f64::NAN);
        figures.push(Figure::number("Gap to the bound", gap, Measure::percent().with_decimals(2)));
        figures.push(Figure::text("Seed", seed.to_string()));
        figures.push(Figure::text("Threads", threads.to_string()));
        for (stage, value) in seconds {
            let label = format!("Time: {stage}");
            figures.push(Figure::number(label, *value, Measure::quantity("s").with_decimals(2)));
        }
        Block::Facts { title: String::new(), figures }
    }
}

impl Figure {
    /// A number.
    #[must_use]
    pub fn number(label: impl Into<String>, value: f64, measure: Measure) -> Self {
        Figure { label: label.into(), value: Value::Number(value), measure, ..Figure::default() }
    }

    /// Words.
    #[must_use]
    pub fn text(label: impl Into<String>, value: impl Into<String>) -> Self {
        Figure { label: label.into(), value: Value::Text(value.into()), ..Figure::default() }
    }

    /// A day.
    #[must_use]
    pub fn date(label: impl Into<String>, value: NaiveDate) -> Self {
        Figure { label: label.into(), value: Value::Date(value), ..Figure::default() }
    }

    /// The same with a tone.
    #[must_use]
    pub fn with_tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// The same with a remark.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

impl Notice {
    /// A message without a place.
    #[must_use]
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Notice { severity, text: text.into(), ..Notice::default() }
    }

    /// The same with the place that it comes from.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// The same with its stable code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }
}

impl Tone {
    /// The tone in a word, for readers who see no colour; empty for neutral.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Tone::Neutral => "",
            Tone::Good => "good",
            Tone::Warning => "watch",
            Tone::Bad => "act",
        }
    }
}

impl Severity {
    /// The severity in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// The status of a solution in words.
#[must_use]
pub fn status_words(status: SolutionStatus) -> &'static str {
    match status {
        SolutionStatus::None => "no plan",
        SolutionStatus::Feasible => "a plan that keeps every limit",
        SolutionStatus::Optimal => "the best plan, proved",
    }
}

/// Why a solver stopped, in words.
#[must_use]
pub fn termination_words(termination: Termination) -> &'static str {
    match termination {
        Termination::Optimal => "the best answer was proved",
        Termination::TargetGap => "the target gap was reached",
        Termination::TimeLimit => "the time limit was reached",
        Termination::WorkLimit => "the work allowed was done",
        Termination::Stalled => "the search found nothing more to gain",
        Termination::Infeasible => "no plan keeps all limits",
        Termination::Unbounded => "the cost falls without end",
        Termination::InfeasibleOrUnbounded => "no plan keeps all limits, or the cost falls without end",
        Termination::Interrupted => "it was interrupted",
        Termination::NumericalError => "the arithmetic failed",
    }
}
