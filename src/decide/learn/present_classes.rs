//! How an answer about classes is told to a person.

use super::ClassAnswer;
use super::present::{feature_bars, notices_block, short, time_figures};
use crate::data::date_of;
use crate::predict::tabular::{ClassCurve, ClassScores, Positions};
use crate::presentation::{
    Axis, Bars, Block, Column, Figure, Line, LineStyle, Lines, Measure, Presentation, Section, Table,
};

/// Rows of predictions that are shown; the file holds all.
const SHOWN_ROWS: usize = 20;
/// Classes that are drawn, the commonest first.
const SHOWN_CLASSES: usize = 5;
/// Parts of a row's answer that are shown.
const SHOWN_PARTS: usize = 3;
/// Steps of the axis of false alarms.
const ROC_STEPS: usize = 20;

impl ClassAnswer {
    /// The answer told neutrally; `title` names the table.
    #[must_use]
    pub fn present(&self, title: &str) -> Presentation {
        let model = &self.model;
        let mut told = Presentation::new(format!("{title}: {}", model.target()));
        told.subtitle = format!(
            "Classes learned from {} rows and {} columns by {}",
            model.rows(),
            model.schema().features.len(),
            model.method()
        );
        told.headline = self.headline();
        if let Some(scores) = self.test.as_ref().or(self.held_out.as_ref()) {
            told.figures = figures(scores, self.predictions.len());
            told.sections.push(self.how_good(scores));
        }
        let lead = "How much the log loss grows when a column's cells are shuffled among the rows.";
        let features = &model.schema().features;
        let names = features.iter().map(|feature| feature.name.as_str()).collect();
        let bars = feature_bars(&model.ranking(), names, model.importance(), "LOG LOSS", Measure::number());
        told.sections.push(Section::new("What matters").with_lead(lead).with(bars));
        if !self.curves.is_empty() {
            let lead = "How the mean chance moves with one column while all others stay as they are.";
            let charts = self.curves.iter().map(|curve| self.curve(curve));
            told.sections.push(charts.fold(Section::new("Along the columns").with_lead(lead), Section::with));
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
            return vec![format!("{target} told for {} rows.", self.predictions.len())];
        };
        let which = match (self.updated, &self.test) {
            (Some(_), _) => "new rows before learning from them",
            (None, Some(_)) => "test rows",
            (None, None) => "rows held out in learning",
        };
        let off = format!("off by {:.1} percentage points on average", 100.0 * scores.calibration_error);
        let mut told = vec![
            format!(
                "The class of {target} is right in {:.1} % of {} {which}.",
                100.0 * scores.accuracy,
                scores.rows
            ),
            // Rows of one class alone have no pairs.
            if scores.auc.is_nan() {
                format!("Chances are {off}.")
            } else {
                format!(
                    "A row of a class is ranked above one of another class in {:.1} % of the pairs; chances are {off}.",
                    100.0 * scores.auc
                )
            },
        ];
        if let Some(rows) = self.updated {
            told.push(format!("The model then learned from {rows} of them."));
        }
        told
    }

    /// Classes to draw: of two the second, else the commonest.
    fn drawn_classes(&self) -> Vec<usize> {
        let classes = self.model.classes().len();
        if classes == 2 {
            return vec![1];
        }
        let mut order: Vec<usize> = (0..classes).collect();
        order.sort_by_key(|class| std::cmp::Reverse(self.model.rows_of_classes()[*class]));
        order.truncate(SHOWN_CLASSES);
        order
    }

    fn how_good(&self, scores: &ClassScores) -> Section {
        let lead = "Measured on rows that the model did not learn from.";
        Section::new("How good the chances are")
            .with_lead(lead)
            .with(self.roc_chart())
            .with(self.calibration_chart())
            .with(self.confusion_table(scores))
    }

    fn roc_chart(&self) -> Block {
        let shares: Vec<f64> = (0..=ROC_STEPS).map(|step| step as f64 / ROC_STEPS as f64).collect();
        let mut lines: Vec<Line> = self
            .drawn_classes()
            .into_iter()
            .map(|class| {
                let curve = self.chances.roc(&self.truth, class, usize::MAX);
                let values = shares.iter().map(|share| found_at(&curve, *share)).collect();
                Line { name: self.model.classes()[class].clone(), values, style: LineStyle::Observed }
            })
            .collect();
        lines.push(Line { name: "by chance".to_owned(), values: shares.clone(), style: LineStyle::Limit });
        Block::Lines(Lines {
            title: "Share found by share of false alarms (ROC)".to_owned(),
            description: "The further above the dotted line, the better rows are ranked".to_owned(),
            measure: Measure::percent().with_decimals(0),
            axis: Axis::Labels(shares.iter().map(|share| percent(*share)).collect()),
            lines,
            ..Lines::default()
        })
    }

    fn calibration_chart(&self) -> Block {
        let class = (self.model.classes().len() == 2).then_some(1);
        let groups = self.chances.calibration(&self.truth, class);
        let what =
            class.map_or("the likeliest class".to_owned(), |class| self.model.classes()[class].clone());
        let line = |name: &str, values: Vec<f64>, style| Line { name: name.to_owned(), values, style };
        Block::Lines(Lines {
            title: format!("Chance told and share that came true: {what}"),
            description: "Groups of rows of alike chance, the lowest first; both lines should be one"
                .to_owned(),
            measure: Measure::percent().with_decimals(1),
            axis: Axis::Labels(groups.iter().map(|group| percent(group.chance)).collect()),
            lines: vec![
                line("came true", groups.iter().map(|group| group.share).collect(), LineStyle::Observed),
                line("told", groups.iter().map(|group| group.chance).collect(), LineStyle::Expected),
            ],
            ..Lines::default()
        })
    }

    fn confusion_table(&self, scores: &ClassScores) -> Block {
        let classes = self.model.classes();
        let table = Table::new("Truth and answer")
            .with_caption("Rows by their class; the answer is the likeliest class.")
            .with(Column::text("class", classes.iter().cloned()));
        let with_answer = |table: Table, answer: usize| {
            let rows = scores.confusion.iter().map(|answers| answers[answer] as f64);
            let title = format!("taken for {}", classes[answer]);
            table.with(Column::number(title, rows, Measure::number()))
        };
        let table = (0..classes.len()).fold(table, with_answer);
        let found = scores
            .confusion
            .iter()
            .enumerate()
            .map(|(class, answers)| answers[class] as f64 / answers.iter().sum::<usize>() as f64);
        Block::Table(table.with(Column::number("found", found, Measure::percent().with_decimals(1))))
    }

    fn curve(&self, curve: &ClassCurve) -> Block {
        let classes = self.drawn_classes();
        let description = format!("Mean chance by {}", curve.feature);
        let measure = Measure::percent().with_decimals(1);
        let title = curve.feature.clone();
        let axis = match &curve.at {
            Positions::Words(words) => {
                if let [class] = classes[..] {
                    let values = curve.chances[class].clone();
                    return Block::Bars(Bars { title, description, measure, labels: words.clone(), values });
                }
                Axis::Labels(words.clone())
            }
            Positions::Numbers(numbers) => Axis::Labels(numbers.iter().map(|x| short(*x)).collect()),
            Positions::Days(days) => {
                Axis::Dates(days.iter().filter_map(|day| date_of(day.floor() as i32)).collect())
            }
        };
        let line = |class: usize| Line {
            name: self.model.classes()[class].clone(),
            values: curve.chances[class].clone(),
            style: LineStyle::Expected,
        };
        let lines = classes.into_iter().map(line).collect();
        Block::Lines(Lines { title, description, measure, axis, lines, ..Lines::default() })
    }

    fn first_rows(&self) -> Section {
        let rows = self.predictions.len().min(SHOWN_ROWS);
        let of_rows =
            |name: &str| self.predictions.number(name).unwrap_or_default().iter().take(rows).copied();
        let class = (0..rows).map(|row| self.model.classes()[self.chances.likeliest(row)].clone());
        let mut view = Table::new("First predictions")
            .from_file("predictions.csv")
            .with(Column::number("row", of_rows("row"), Measure::number()).with_help("from 0"))
            .with(Column::text("class", class));
        for class in self.drawn_classes() {
            let name = format!("p_{}", self.model.classes()[class]);
            let chances = of_rows(&name);
            view = view.with(Column::number(&name, chances, Measure::percent().with_decimals(1)));
        }
        if !self.effects.is_empty() {
            view = view.with(Column::text("because of", (0..rows).map(|row| self.reasons(row))));
        }
        Section::new("Predictions")
            .with_lead(
                "The reasons are the columns that move a row's chance most from that of an unknown row, in percentage points.",
            )
            .with(Block::Table(view))
    }

    /// The columns that move the chance of a row most.
    fn reasons(&self, row: usize) -> String {
        if row >= self.effects.len() {
            return String::new();
        }
        let effect = |name: &str| {
            let values = self.effects.number(&format!("effect_{name}")).unwrap_or_default();
            values.get(row).copied().unwrap_or(0.0)
        };
        let features = &self.model.schema().features;
        let mut parts: Vec<(&str, f64)> =
            features.iter().map(|feature| (feature.name.as_str(), effect(&feature.name))).collect();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let told = parts.iter().take(SHOWN_PARTS).map(|(name, effect)| {
            let sign = if *effect < 0.0 { "−" } else { "+" };
            format!("{name} {sign}{:.1}", 100.0 * effect.abs())
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn how(&self) -> Section {
        let model = &self.model;
        let methods: Vec<String> =
            model.methods().iter().map(|(name, weight)| format!("{name} {:.0} %", 100.0 * weight)).collect();
        let classes = model.classes().iter().zip(model.rows_of_classes());
        let rows: Vec<String> = classes.map(|(class, rows)| format!("{class}: {rows}")).collect();
        let mut figures = vec![
            Figure::text("Task", format!("classification, since {}", self.because)),
            Figure::text("Rows of the classes", rows.join(", ")),
            Figure::text("Methods", methods.join(", ")),
            Figure::text("Calibration", model.calibration()),
            Figure::text("Error made small", "log loss; every row has the same weight"),
            Figure::number("Trees", model.trees() as f64, Measure::number()),
            Figure::number("Batches learned on from", f64::from(model.batches()), Measure::number()),
        ];
        figures.extend(time_figures(self.seconds));
        let mut section =
            Section::new("How it was learned").with(Block::Facts { title: String::new(), figures });
        if !self.trials.is_empty() {
            let table = Table::new("Methods on rows held out")
                .with(Column::text("method", self.trials.iter().map(|trial| trial.name.clone())))
                .with(Column::number(
                    "log_loss",
                    self.trials.iter().map(|trial| trial.error),
                    Measure::number().with_decimals(4),
                ));
            section = section.with(Block::Table(table));
        }
        section.blocks.extend(notices_block(&self.notices));
        section
    }
}

fn figures(scores: &ClassScores, rows: usize) -> Vec<Figure> {
    let percent = || Measure::percent().with_decimals(1);
    let plain = || Measure::number().with_decimals(4);
    vec![
        Figure::number("Accuracy", scores.accuracy, percent()),
        Figure::number("Area under the ROC curve", scores.auc, plain()),
        Figure::number("Log loss", scores.log_loss, plain()),
        Figure::number("Brier score", scores.brier, plain()),
        Figure::number("Calibration error", scores.calibration_error, percent().with_decimals(2)),
        Figure::number("Mean F1 of the classes", scores.macro_f1, plain()),
        Figure::number("Rows predicted", rows as f64, Measure::number()),
    ]
}

/// Share found at a share of false alarms, between the points of a curve.
fn found_at(curve: &[(f64, f64)], alarms: f64) -> f64 {
    let above = curve.partition_point(|point| point.0 <= alarms);
    match (curve.get(above.wrapping_sub(1)), curve.get(above)) {
        (Some(low), Some(high)) => low.1 + (high.1 - low.1) * (alarms - low.0) / (high.0 - low.0),
        (Some(last), None) => last.1,
        _ => 0.0,
    }
}

fn percent(share: f64) -> String {
    if share < 0.1 { format!("{:.1} %", 100.0 * share) } else { format!("{:.0} %", 100.0 * share) }
}
