//! Charts as data: what is drawn, not how.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Measure, Tone, nullable};

/// How parts add up to a total, drawn as floating bars.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waterfall {
    /// Title.
    pub title: String,
    /// What it says, in a sentence, for those who do not see it.
    pub description: String,
    /// How the values are written.
    pub measure: Measure,
    /// The bars from left to right.
    pub steps: Vec<WaterfallStep>,
}

/// One bar of a [`Waterfall`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WaterfallStep {
    /// What it is.
    pub label: String,
    /// The change, or the level where the step is a total.
    #[serde(with = "nullable")]
    pub value: f64,
    /// Change or total.
    pub kind: StepKind,
    /// Whether it is good news.
    pub tone: Tone,
}

/// What a bar of a [`Waterfall`] stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A change from the level before.
    #[default]
    Change,
    /// A level, drawn from zero.
    Total,
}

/// What moves a result most: for each assumption the result at its low and its high end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tornado {
    /// Title.
    pub title: String,
    /// What it says, in a sentence, for those who do not see it.
    pub description: String,
    /// How the values are written.
    pub measure: Measure,
    /// The result as planned.
    #[serde(with = "nullable")]
    pub base: f64,
    /// One bar an assumption; the widest is drawn on top.
    pub bars: Vec<TornadoBar>,
    /// What the low ends are, for the legend; empty: the low ends of assumptions.
    pub low_name: String,
    /// What the high ends are.
    pub high_name: String,
}

/// One assumption of a [`Tornado`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TornadoBar {
    /// The assumption (`demand`).
    pub label: String,
    /// The result at the low end; NaN where it was not tried.
    #[serde(with = "nullable")]
    pub low: f64,
    /// The result at the high end; NaN where it was not tried.
    #[serde(with = "nullable")]
    pub high: f64,
    /// The low end in words (`-20 %`).
    pub low_label: String,
    /// The high end in words (`+20 %`).
    pub high_label: String,
}

/// Lines over a shared axis, with bands, shaded spans and markers: a forecast
/// fan, a stock projection, a plan over the horizon.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lines {
    /// Title.
    pub title: String,
    /// What it says, in a sentence, for those who do not see it.
    pub description: String,
    /// How the values are written.
    pub measure: Measure,
    /// The positions, one a point.
    pub axis: Axis,
    /// The lines.
    pub lines: Vec<Line>,
    /// Bands behind the lines, widest first.
    pub bands: Vec<Band>,
    /// Shaded spans of the axis (stock-outs).
    pub spans: Vec<Span>,
    /// Marked points (orders).
    pub markers: Vec<Marker>,
}

/// The positions of a [`Lines`] chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Days, spaced by the calendar.
    Dates(Vec<NaiveDate>),
    /// Names, spaced evenly.
    Labels(Vec<String>),
}

impl Default for Axis {
    fn default() -> Self {
        Axis::Labels(Vec::new())
    }
}

impl Axis {
    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Axis::Dates(dates) => dates.len(),
            Axis::Labels(labels) => labels.len(),
        }
    }

    /// Whether there is no position.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One line; NaN leaves a gap.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// One value a position of the axis.
    #[serde(with = "nullable::list")]
    pub values: Vec<f64>,
    /// How it is drawn.
    pub style: LineStyle,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStyle {
    /// What was: a solid line with points.
    #[default]
    Observed,
    /// What is expected: a dashed line.
    Expected,
    /// A level that holds until the next one: steps.
    Level,
    /// A limit: a thin dotted line.
    Limit,
}

/// A band between two curves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Band {
    /// Its name in the legend (`80 % of cases`).
    pub name: String,
    /// Lower edge, one value a position.
    #[serde(with = "nullable::list")]
    pub low: Vec<f64>,
    /// Upper edge, one value a position.
    #[serde(with = "nullable::list")]
    pub high: Vec<f64>,
}

/// A shaded span of the axis: positions `from ..= to`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Span {
    /// Its name in the legend (`out of stock`).
    pub name: String,
    /// First position.
    pub from: usize,
    /// Last position.
    pub to: usize,
}

/// A marked point.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marker {
    /// Its name in the legend (`order arrives`).
    pub name: String,
    /// Position on the axis.
    pub at: usize,
    /// Value.
    #[serde(with = "nullable")]
    pub value: f64,
    /// What it is, for a tooltip.
    pub text: String,
}

/// One bar a category.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bars {
    /// Title.
    pub title: String,
    /// What it says, in a sentence, for those who do not see it.
    pub description: String,
    /// How the values are written.
    pub measure: Measure,
    /// The categories.
    pub labels: Vec<String>,
    /// One value a category.
    #[serde(with = "nullable::list")]
    pub values: Vec<f64>,
}

/// Values by two names, one a row and one a column, as colours: demand by place and hour.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeatMap {
    /// Title.
    pub title: String,
    /// What it says, in a sentence, for those who do not see it.
    pub description: String,
    /// How the values are written.
    pub measure: Measure,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The values, row by row; NaN is shown as nothing.
    #[serde(with = "nullable::list")]
    pub values: Vec<f64>,
}

/// One stacked bar a policy, cut into components.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comparison {
    /// Title.
    pub title: String,
    /// What it says, in a sentence, for those who do not see it.
    pub description: String,
    /// How the values are written.
    pub measure: Measure,
    /// The policies.
    pub policies: Vec<String>,
    /// The components; the values of [`Line::values`] are one a policy.
    pub components: Vec<Line>,
}
