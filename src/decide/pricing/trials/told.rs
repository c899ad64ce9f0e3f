//! Price tests as a table, in sentences and for the report.

use super::super::plan::{deviations, measure};
use super::super::problem::Problem;
use super::Trial;
use crate::data::{Table, date_of};
use crate::presentation::{Block, Column, Measure, Section, Table as View};

/// The table `price_tests`: every store of every test, those that keep their price too.
pub(in super::super) fn table(problem: &Problem, trials: &[Trial]) -> Table {
    let rows: Vec<_> =
        trials.iter().flat_map(|trial| trial.arms.iter().map(move |arm| (trial, arm))).collect();
    let day = |of: fn((i64, i64)) -> i64, period: i64| {
        let days = problem.learned.as_ref().map(|learned| of(learned.log_days(period)));
        days.and_then(|day| i32::try_from(day).ok()).and_then(date_of).unwrap_or_default()
    };
    let store = |trial: &Trial, group: u32| {
        let following = problem.following(trial.product);
        let store = following.and_then(|it| it.stores.get(group as usize).copied());
        problem.store(store.unwrap_or(0)).to_owned()
    };
    let wide = 2.0 * deviations(0.95);
    Table::new("price_tests")
        .with_text("product", rows.iter().map(|(trial, _)| &problem.products[trial.product].code))
        .with_text("group", rows.iter().map(|(trial, arm)| store(trial, arm.group)))
        .with_text("arm", rows.iter().map(|(_, arm)| if arm.is_test { "test" } else { "control" }))
        .with_date("from", rows.iter().map(|(_, arm)| day(|days| days.0, arm.from)))
        .with_date("until", rows.iter().map(|(_, arm)| day(|days| days.1, arm.until)))
        .with_number(
            "price",
            rows.iter().map(|(trial, arm)| if arm.is_test { trial.price } else { trial.control }),
        )
        .with_number("control_price", rows.iter().map(|(trial, _)| trial.control))
        .with_number("expected_loss", rows.iter().map(|(_, arm)| arm.loss))
        .with_number("width_now", rows.iter().map(|(trial, _)| wide * trial.error))
        .with_number("width_after", rows.iter().map(|(trial, _)| wide * trial.error_after))
        .with_text("reason", rows.iter().map(|(trial, arm)| reason(problem, trial, arm.is_test)))
}

fn reason(problem: &Problem, trial: &Trial, is_test: bool) -> String {
    if !is_test {
        return "keeps its price, to be compared with".to_owned();
    }
    let own = &problem.products[trial.product].own;
    let half = deviations(0.95) * trial.error;
    let payback = problem.trials.as_ref().map_or(0.0, |rules| rules.payback);
    format!(
        "its elasticity is between {:.1} and {:.1}; to know it better is worth {} in {payback} periods",
        own.elasticity - half,
        own.elasticity + half,
        problem.style.number(trial.worth, &measure(problem.goal))
    )
}

/// Key figures.
pub(in super::super) fn kpis(trials: &[Trial]) -> [(String, f64); 3] {
    let sum = |of: fn(&Trial) -> f64| trials.iter().map(of).sum::<f64>();
    [
        ("price_tests".to_owned(), trials.len() as f64),
        ("test_loss".to_owned(), sum(|trial| trial.loss)),
        ("test_worth".to_owned(), sum(|trial| trial.worth)),
    ]
}

/// The tests in a sentence.
pub(in super::super) fn sentence(problem: &Problem, trials: &[Trial]) -> String {
    if problem.learned.is_none() {
        return "No price test: no elasticity comes from sales.".to_owned();
    }
    if trials.is_empty() {
        return "No price test is worth what it may lose within the rules.".to_owned();
    }
    let written = |value: f64| problem.style.number(value, &measure(problem.goal));
    let count = trials.len() as f64;
    let mean = |of: fn(&Trial) -> f64| 2.0 * deviations(0.95) * trials.iter().map(of).sum::<f64>() / count;
    let loss: f64 = trials.iter().map(|trial| trial.loss).sum();
    format!(
        "{} price test{} {} {} and narrow the interval of an elasticity from {:.1} to {:.1} on average, which is worth {} \
         (price_tests.csv).",
        trials.len(),
        if trials.len() == 1 { "" } else { "s" },
        if loss < 0.0 { "may gain" } else { "may lose" },
        written(loss.abs()),
        mean(|trial| trial.error),
        mean(|trial| trial.error_after),
        written(trials.iter().map(|trial| trial.worth).sum()),
    )
}

/// Rows of the table in the report.
const SHOWN: usize = 500;

/// The tests in the report.
pub(in super::super) fn present(problem: &Problem, table: &Table) -> Section {
    let rows = table.len().min(SHOWN);
    let text = |name: &str| (0..rows).map(|row| table.cell_text(name, row)).collect::<Vec<String>>();
    let number = |name: &str| table.number(name).map_or_else(Vec::new, |all| all[..rows].to_vec());
    let (price, width) = (|| Measure::money().with_decimals(2), || Measure::number().with_decimals(2));
    let shown = View::new("")
        .with(Column::text("Product", text("product")))
        .with(Column::text("Store", text("group")))
        .with(Column::text("Arm", text("arm")))
        .with(Column::text("From", text("from")))
        .with(Column::text("Until", text("until")))
        .with(Column::number("Price", number("price"), price()))
        .with(Column::number("Price without test", number("control_price"), price()))
        .with(Column::number("Expected loss", number("expected_loss"), measure(problem.goal)).with_total())
        .with(Column::number("Width now", number("width_now"), width()))
        .with(Column::number("Width after", number("width_after"), width()))
        .with(Column::text("Why", text("reason")))
        .interactive()
        .from_file("price_tests.csv");
    let lead = "Stores (or periods) were drawn by lot; keep the prices of both arms as they stand here, then add the \
                sales of these periods and solve again. Width is that of the 95 % interval of the elasticity.";
    Section::new("Price tests").with_lead(lead).with(Block::Table(shown))
}
