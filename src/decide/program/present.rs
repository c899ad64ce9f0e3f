//! Tells the answer of a program to a person: the result, the values, the rows that hold it.

use super::problem::Problem;
use crate::data::Table as PlanTable;
use crate::decide::Solution;
use crate::presentation::{Block, Column, Figure, Measure, Notice, Presentation, Section, Severity, Table};

/// Rows of a table in the report; the file of the output folder has all.
const SHOWN: usize = 2_000;
/// A value or a dual nearer to zero than this is not shown.
const NOTHING: f64 = 1e-9;

/// What a report needs to know of a run besides its solution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub seed: u64,
    pub threads: usize,
}

pub(super) fn present(problem: &Problem, solution: &Solution, run: Run) -> Presentation {
    let program = &problem.program;
    let mut told = Presentation::new(problem.name.clone());
    let whole = program.kinds().iter().filter(|kind| kind.is_integer()).count();
    told.subtitle =
        format!("{} columns ({whole} of them whole numbers), {} rows", program.columns(), program.rows());
    told.headline.clone_from(&solution.headline);
    let number =
        |label: &str, value: Option<f64>| Figure::number(label, value.unwrap_or(f64::NAN), Measure::number());
    told.figures.push(number("Objective", solution.outcome.objective));
    told.figures.push(number("Proven bound", solution.outcome.bound));
    if let Some(table) = solution.tables.get("variables") {
        told.sections.push(values(table));
    }
    if let Some(table) = solution.tables.get("rows") {
        told.sections.push(rows(table));
    }
    if !solution.warnings.is_empty() {
        let warnings = solution.warnings.iter();
        let notices = warnings.map(|text| Notice::new(Severity::Warning, text.clone())).collect();
        told.sections.push(Section::new("Notices").with(Block::Notices { title: String::new(), notices }));
    }
    let facts =
        Block::run_facts(&solution.outcome, &Measure::number(), run.seed, run.threads, &solution.seconds);
    told.sections.push(Section::new("This run").with(facts));
    told
}

/// The columns that are not zero.
fn values(table: &PlanTable) -> Section {
    let values = table.number("value").unwrap_or(&[]);
    let used: Vec<usize> = (0..table.len()).filter(|&row| is_something(values.get(row))).collect();
    let section = Section::new("Values");
    if used.is_empty() {
        return section.with(Block::text("Every column is zero."));
    }
    let shown = &used[..used.len().min(SHOWN)];
    let view = Table::new("Columns that are not zero")
        .with_caption(counted(used.len(), table.len(), "columns"))
        .with(Column::text("column", shown.iter().map(|&row| table.cell_text("name", row))))
        .with(Column::number("value", pick(values, shown), Measure::number()))
        .interactive()
        .from_file("variables.csv");
    section.with(Block::Table(view))
}

/// The rows whose limits move the objective.
fn rows(table: &PlanTable) -> Section {
    let column = |name: &str| table.number(name).unwrap_or(&[]);
    let duals = column("dual");
    let binding: Vec<usize> = (0..table.len()).filter(|&row| is_something(duals.get(row))).collect();
    let section = Section::new("Rows")
        .with_lead("Change of the objective for one more unit on the right of a row, whole numbers held.");
    if binding.is_empty() {
        return section.with(Block::text("No row holds the objective back."));
    }
    let shown = &binding[..binding.len().min(SHOWN)];
    let mut view = Table::new("Rows that bind")
        .with_caption(counted(binding.len(), table.len(), "rows"))
        .with(Column::text("row", shown.iter().map(|&row| table.cell_text("name", row))));
    for (title, name) in
        [("activity", "activity"), ("at least", "lower"), ("at most", "upper"), ("one more changes", "dual")]
    {
        view = view.with(Column::number(title, pick(column(name), shown), Measure::number()));
    }
    section.with(Block::Table(view.interactive().from_file("rows.csv")))
}

fn is_something(value: Option<&f64>) -> bool {
    value.is_some_and(|value| value.abs() > NOTHING)
}

fn pick(column: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|&row| column.get(row).copied().unwrap_or(f64::NAN)).collect()
}

fn counted(some: usize, all: usize, noun: &str) -> String {
    let rest = if some > SHOWN { format!("; the first {SHOWN} are shown") } else { String::new() };
    format!("{some} of {all} {noun}{rest}.")
}
