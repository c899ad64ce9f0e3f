//! The answer as a person reads it: what it is worth, which columns make it up, which rows hold it.

use super::super::Solution;
use super::super::notices::notices_section;
use super::problem::Problem;
use crate::data::{Faults, Table as Rows};
use crate::optimize::milp::Sense;
use crate::presentation::{Block, Cells, Column, Figure, Measure, Presentation, Section, Table, Tone};

/// Rows of a table of the report; the files of the output hold all.
const MOST_SHOWN: usize = 1_000;
/// Distance of activity and limit, relative to the limit's size, at which a row is at its limit.
const TOUCHING: f64 = 1e-6;

/// What is told of a run besides its solution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub seed: u64,
    pub threads: usize,
}

/// Tells `solution`.
pub(super) fn present(problem: &Problem, solution: &Solution, run: Run) -> Presentation {
    let program = &problem.program;
    let mut presentation = Presentation::new(&problem.name);
    presentation.subtitle = format!(
        "{} over {} and {}, from {}",
        if program.sense() == Sense::Minimise { "Minimum" } else { "Maximum" },
        counted(program.columns(), "column"),
        counted(program.rows(), "row"),
        problem.file
    );
    presentation.headline.clone_from(&solution.headline);
    presentation.figures = figures(problem, solution);
    let lists = [values(problem, solution), limits(problem, solution)];
    presentation.sections.extend(lists.into_iter().flatten());
    presentation.sections.extend(notices_section(&Faults::default(), &solution.warnings));
    let facts =
        Block::run_facts(&solution.outcome, &Measure::number(), run.seed, run.threads, &solution.seconds);
    presentation.sections.push(Section::new("This run").with(facts));
    presentation
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn figures(problem: &Problem, solution: &Solution) -> Vec<Figure> {
    let (program, outcome) = (&problem.program, &solution.outcome);
    let number = |label: &str, value: f64| Figure::number(label, value, Measure::number());
    let mut figures = vec![
        number("Objective", outcome.objective.unwrap_or(f64::NAN)),
        number("Bound", outcome.bound.unwrap_or(f64::NAN)).with_note("no answer is better"),
    ];
    if let Some(gap) = outcome.gap() {
        figures.push(Figure::number("Gap", gap, Measure::percent().with_decimals(2)));
    }
    let whole = program.kinds().iter().filter(|kind| kind.is_integer()).count();
    let columns = number("Columns", program.columns() as f64);
    figures.push(if whole > 0 { columns.with_note(format!("{whole} of them whole")) } else { columns });
    figures.push(number("Rows", program.rows() as f64));
    figures.push(number("Coefficients", program.nonzeros() as f64));
    if outcome.objective.is_some() {
        let (words, tone) = match solution.checks.violations.len() {
            0 => ("every limit is kept".to_owned(), Tone::Good),
            broken => (format!("{} broken", counted(broken, "limit")), Tone::Bad),
        };
        figures.push(Figure::text("Check", words).with_tone(tone));
    }
    figures
}

/// The columns that are not zero, those that weigh most in the objective first.
fn values(problem: &Problem, solution: &Solution) -> Option<Section> {
    let table = solution.tables.get("variables")?;
    let (names, values) = (table.text("name")?, table.number("value")?);
    let cost = problem.program.cost();
    let adds = |at: usize| cost.get(at).map_or(f64::NAN, |cost| cost * values[at]);
    let mut shown: Vec<usize> = (0..values.len()).filter(|&at| values[at] != 0.0).collect();
    shown.sort_by(|&a, &b| {
        let by_worth = adds(b).abs().total_cmp(&adds(a).abs());
        by_worth.then(values[b].abs().total_cmp(&values[a].abs())).then(a.cmp(&b))
    });
    let (all, zero) = (shown.len(), values.len() - shown.len());
    shown.truncate(MOST_SHOWN);
    let lead = match zero {
        0 => "Columns by what they add to the objective.".to_owned(),
        zero => format!("Columns by what they add to the objective; {} left out.", counted(zero, "zero")),
    };
    let pick = |of: &dyn Fn(usize) -> f64| shown.iter().map(|&at| of(at)).collect::<Vec<f64>>();
    let list = Table::new("")
        .with(text("Column", shown.iter().map(|&at| names.get(at).to_owned())))
        .with(numbers("Value", pick(&|at| values[at])))
        .with(numbers("Cost", pick(&|at| cost.get(at).copied().unwrap_or(f64::NAN))))
        .with(numbers("Adds to the objective", pick(&adds)));
    Some(section("Values", lead, list, all, "variables.csv"))
}

/// The rows at a limit, those whose limit is worth most first.
fn limits(problem: &Problem, solution: &Solution) -> Option<Section> {
    let table = solution.tables.get("rows")?;
    let activity = table.number("activity")?;
    let (lower, upper, duals) = (table.number("lower")?, table.number("upper")?, table.number("dual")?);
    let touches = |at: usize, limit: f64| {
        limit.is_finite() && (activity[at] - limit).abs() <= TOUCHING * limit.abs().max(1.0)
    };
    let mut shown: Vec<usize> =
        (0..activity.len()).filter(|&at| touches(at, lower[at]) || touches(at, upper[at])).collect();
    let worth = |at: usize| if duals[at].is_finite() { duals[at].abs() } else { 0.0 };
    shown.sort_by(|&a, &b| worth(b).total_cmp(&worth(a)).then(a.cmp(&b)));
    let all = shown.len();
    if all == 0 {
        return None;
    }
    shown.truncate(MOST_SHOWN);
    let lead = if problem.program.has_integers() {
        "Rows at a limit. What one more unit is worth with the integers as they are: `purvey explain`."
    } else {
        "Rows at a limit, with the change of the objective for one more unit on the right of each."
    };
    let pick = |of: &[f64]| shown.iter().map(|&at| of[at]).collect::<Vec<f64>>();
    let mut list = Table::new("")
        .with(text("Row", row_names(table, &shown)))
        .with(numbers("Activity", pick(activity)))
        .with(numbers("Lower", pick(lower)))
        .with(numbers("Upper", pick(upper)));
    if !problem.program.has_integers() {
        list = list.with(numbers("One more unit", pick(duals)));
    }
    Some(section("Limits that are reached", lead.to_owned(), list, all, "rows.csv"))
}

fn row_names<'a>(table: &'a Rows, shown: &'a [usize]) -> impl Iterator<Item = String> + 'a {
    shown.iter().map(|&at| table.cell_text("name", at))
}

/// A section of one table, which says how much of the list it shows.
fn section(title: &str, lead: String, mut table: Table, all: usize, file: &str) -> Section {
    table.file = file.to_owned();
    table.interactive = true;
    if all > MOST_SHOWN {
        table.caption = format!("The first {MOST_SHOWN} of {all}.");
    }
    Section::new(title).with_lead(lead).with(Block::Table(table))
}

fn text(title: &str, cells: impl Iterator<Item = String>) -> Column {
    Column { title: title.to_owned(), cells: Cells::Text(cells.collect()), ..Column::default() }
}

fn numbers(title: &str, cells: Vec<f64>) -> Column {
    Column { title: title.to_owned(), cells: Cells::Number(cells), ..Column::default() }
}
