//! How an answer of the learner is told to a person.

use super::Answer;
use crate::data::{Faults, date_of};
use crate::decide::notices::notices;
use crate::predict::tabular::{Curve, Metric, Positions, Scores};
use crate::presentation::{
    Axis, Bars, Block, Column, Figure, Line, LineStyle, Lines, Measure, Presentation, Section, Table,
};

/// Rows of predictions that are shown; the file holds all.
const SHOWN_ROWS: usize = 20;
/// Features of the chart.
const SHOWN_FEATURES: usize = 15;
/// Parts of a row's answer that are shown.
const SHOWN_PARTS: usize = 3;

impl Answer {
    /// The answer told neutrally; `title` names the table.
    #[must_use]
    pub fn present(&self, title: &str) -> Presentation {
        let mut told = Presentation::new(format!("{title}: {}", self.model.target()));
        told.subtitle = format!(
            "Learned from {} rows and {} columns by {}",
            self.model.rows(),
            self.model.schema().features.len(),
            self.model.method()
        );
        told.headline = self.headline();
        if let Some(scores) = self.test.as_ref().or(self.held_out.as_ref()) {
            told.figures = figures(scores, self.predictions.len());
        }
        if let Some(trade) = &self.trade {
            told.headline.extend(trade.headline());
            told.sections.push(trade.section());
        }
        told.sections.push(self.what_matters());
        if !self.curves.is_empty() {
            told.sections.push(self.along_columns());
        }
        if !self.predictions.is_empty() {
            told.sections.push(self.first_rows());
        }
        told.sections.push(self.how());
        told
    }

    fn headline(&self) -> Vec<String> {
        let target = self.model.target();
        let Some(scores) = self.test.as_ref().or(self.held_out.as_ref()) else {
            return vec![format!("{target} predicted for {} rows.", self.predictions.len())];
        };
        let which = if self.test.is_some() { "test rows" } else { "rows held out in learning" };
        let error = match self.model.metric() {
            Metric::Mape => format!("{:.2} % on average", 100.0 * scores.mape),
            Metric::Mae | Metric::Rmse => format!("{} on average", short(scores.mae)),
        };
        vec![
            format!("{target} is predicted to within {error}, measured on {} {which}.", scores.rows),
            format!(
                "{:.1} % of the truths lie in the 80 % interval, {:.1} % in the 95 % interval.",
                100.0 * scores.coverage_80,
                100.0 * scores.coverage_95
            ),
        ]
    }

    fn what_matters(&self) -> Section {
        let names = self.model.schema().features.iter().map(|feature| feature.name.as_str()).collect();
        let metric = self.model.metric();
        let measure =
            if metric == Metric::Mape { Measure::percent().with_decimals(1) } else { Measure::number() };
        let error = metric.as_str().to_uppercase();
        let bars = feature_bars(&self.model.ranking(), names, self.model.importance(), &error, measure);
        Section::new("What matters")
            .with_lead("How much the error grows when a column's cells are shuffled among the rows.")
            .with(bars)
    }

    fn along_columns(&self) -> Section {
        let lead = "How the mean answer moves with one column while all others stay as they are.";
        let charts = self.curves.iter().map(|curve| self.curve(curve));
        charts.fold(Section::new("Along the columns").with_lead(lead), Section::with)
    }

    fn curve(&self, curve: &Curve) -> Block {
        let target = self.model.target();
        let description = format!("Mean {target} by {}", curve.feature);
        let axis = match &curve.at {
            Positions::Words(words) => {
                return Block::Bars(Bars {
                    title: curve.feature.clone(),
                    description,
                    measure: Measure::number(),
                    labels: words.clone(),
                    values: curve.mean.clone(),
                });
            }
            Positions::Numbers(numbers) => Axis::Labels(numbers.iter().map(|x| short(*x)).collect()),
            Positions::Days(days) => {
                Axis::Dates(days.iter().filter_map(|day| date_of(day.floor() as i32)).collect())
            }
        };
        let line =
            Line { name: format!("mean {target}"), values: curve.mean.clone(), style: LineStyle::Expected };
        let lines = vec![line];
        Block::Lines(Lines { title: curve.feature.clone(), description, axis, lines, ..Lines::default() })
    }

    fn first_rows(&self) -> Section {
        let rows = self.predictions.len().min(SHOWN_ROWS);
        let mut view = Table::new("First predictions").from_file("predictions.csv");
        for (name, help) in [
            ("row", "from 0"),
            ("mean", ""),
            ("q10", "nine of ten truths lie above"),
            ("q90", "nine of ten truths lie below"),
        ] {
            let values = self.predictions.number(name).unwrap_or_default();
            let mut column = Column::number(name, values.iter().take(rows).copied(), Measure::number());
            column.help = help.to_owned();
            view = view.with(column);
        }
        if let Some(trade) = &self.trade {
            let decided = || trade.decided.iter().take(rows);
            let of = |value: fn(&super::Chance) -> f64| {
                decided().map(move |d| d.trade.as_ref().map_or(f64::NAN, value)).collect::<Vec<f64>>()
            };
            let gain = Column::number("expected_gain", of(|trade| trade.expected), Measure::number());
            let help = "of the better trade, done or not";
            view = view
                .with(Column::text("decision", decided().map(|d| d.action.as_str())))
                .with(gain.with_help(help));
            let share = Measure::percent().with_decimals(0);
            view = view.with(Column::number("probability_of_gain", of(|trade| trade.probability), share));
        }
        if !self.effects.is_empty() {
            let why = (0..rows).map(|row| self.reasons(row));
            view = view.with(Column::text("because of", why));
        }
        Section::new("Predictions")
            .with_lead(
                "The reasons are the columns that move a row's answer most from that of an unknown row.",
            )
            .with(Block::Table(view))
    }

    /// The columns that move the answer of a row most.
    fn reasons(&self, row: usize) -> String {
        if row >= self.effects.len() {
            return String::new();
        }
        let features = &self.model.schema().features;
        let effect = |name: &str| {
            let values = self.effects.number(&format!("effect_{name}")).unwrap_or_default();
            values.get(row).copied().unwrap_or(0.0)
        };
        let mut parts: Vec<(&str, f64)> =
            features.iter().map(|feature| (feature.name.as_str(), effect(&feature.name))).collect();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let told = parts.iter().take(SHOWN_PARTS).map(|(name, effect)| {
            let sign = if *effect < 0.0 { "−" } else { "+" };
            format!("{name} {sign}{}", short(effect.abs()))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn how(&self) -> Section {
        let model = &self.model;
        let methods: Vec<String> =
            model.methods().iter().map(|(name, weight)| format!("{name} {:.0} %", 100.0 * weight)).collect();
        let mut figures = vec![
            Figure::text("Methods", methods.join(", ")),
            Figure::text("Scale of the target", model.scale().as_str()),
            Figure::text("Error made small", model.metric().as_str()),
            Figure::number("Trees", model.trees() as f64, Measure::number()),
        ];
        figures.extend(time_figures(self.seconds));
        let mut section =
            Section::new("How it was learned").with(Block::Facts { title: String::new(), figures });
        if !self.trials.is_empty() {
            let percent = Measure::percent().with_decimals(2);
            let measure = if model.metric() == Metric::Mape { percent } else { Measure::number() };
            let table = Table::new("Methods on rows held out")
                .with(Column::text("method", self.trials.iter().map(|trial| trial.name.clone())))
                .with(Column::number(
                    model.metric().as_str(),
                    self.trials.iter().map(|trial| trial.error),
                    measure,
                ));
            section = section.with(Block::Table(table));
        }
        section.blocks.extend(notices_block(&self.notices));
        section
    }
}

/// The part of the columns in the answers, as bars, the greatest first.
pub(super) fn feature_bars(
    order: &[usize],
    names: Vec<&str>,
    importance: &[f64],
    error: &str,
    measure: Measure,
) -> Block {
    let shown = &order[..order.len().min(SHOWN_FEATURES)];
    Block::Bars(Bars {
        title: format!("Growth of {error}"),
        description: "Columns by their part in the answers, the greatest first".to_owned(),
        measure,
        labels: shown.iter().map(|at| names[*at].to_owned()).collect(),
        values: shown.iter().map(|at| importance[*at]).collect(),
    })
}

/// Seconds of learning and predicting.
pub(super) fn time_figures(seconds: [f64; 2]) -> [Figure; 2] {
    let figure = |label, value| Figure::number(label, value, Measure::quantity("s").with_decimals(2));
    [figure("Time: fit", seconds[0]), figure("Time: predict", seconds[1])]
}

/// Faults as a block; `None` where there are none.
pub(super) fn notices_block(faults: &Faults) -> Option<Block> {
    let notices = notices(faults, &[]);
    (!notices.is_empty()).then(|| Block::Notices { title: "About the data".to_owned(), notices })
}

fn figures(scores: &Scores, rows: usize) -> Vec<Figure> {
    let percent = || Measure::percent().with_decimals(1);
    vec![
        Figure::number("Mean absolute percentage error", scores.mape, Measure::percent().with_decimals(2)),
        Figure::number("Mean absolute error", scores.mae, Measure::number()),
        Figure::number("Root mean squared error", scores.rmse, Measure::number()),
        Figure::number("Variance explained", scores.r2, percent()),
        Figure::number("In the 80 % interval", scores.coverage_80, percent()),
        Figure::number("In the 95 % interval", scores.coverage_95, percent()),
        Figure::number("Rows predicted", rows as f64, Measure::number()),
    ]
}

/// A number in four digits or so.
pub(super) fn short(x: f64) -> String {
    let size = x.abs();
    match size {
        _ if x.is_nan() => "–".to_owned(),
        _ if size >= 100.0 || x.fract() == 0.0 => format!("{x:.0}"),
        _ if size >= 1.0 => format!("{x:.2}"),
        _ => format!("{x:.4}"),
    }
}
