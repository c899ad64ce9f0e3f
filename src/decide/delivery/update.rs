//! One new fact: rows that join an input table, and where new visits fit into the last plan.

use super::super::{Event, Input, Update};
use super::check;
use super::check::check_route;
use super::plan::{Plan, PlanRoute, tables};
use super::prepared::PreparedDelivery;
use super::problem::Problem;
use crate::data::{Code, Column, Fault, Faults, Table, Tables};

/// Brings the rows in; new visits go where they add least to the last plan.
pub(super) fn update(prepared: &mut PreparedDelivery, event: &Event) -> Result<Update, Faults> {
    let Input::Tables { name, tables, settings } = &prepared.input else {
        let message = "a standard file takes no new rows";
        let fault = Fault::error(Code::UnknownTable, event.rows.name(), message);
        return Err(fault.with_help("change the file and read it again").into());
    };
    let schema = Problem::schema()?;
    let keys = schema.table(event.rows.name()).map_or_else(Vec::new, |table| table.key.clone());
    let merged = match tables.get(event.rows.name()) {
        Some(table) => merged(table, &event.rows, &keys),
        None => event.rows.clone(),
    };
    let input =
        Input::Tables { name: name.clone(), tables: tables.clone().with(merged), settings: settings.clone() };
    let before = prepared.last.lock().ok().and_then(|last| last.clone());
    // The plan outlives the reading by the codes of its visits.
    let known = before.map(|plan| tables_of(&prepared.problem, &plan));
    prepared.replace(input)?;
    let Some(known) = known else { return Ok(Update::default()) };
    let problem = &prepared.problem;
    let mut plan = super::plan::read(problem, &known)?;
    let added = insert_missing(problem, &mut plan);
    let all = tables_of(problem, &plan);
    if let Ok(mut last) = prepared.last.lock() {
        *last = Some(plan);
    }
    let orders = all.get("visits_plan").map_or_else(Table::default, |table| only(table, &added, problem));
    Ok(Update { orders })
}

fn tables_of(problem: &Problem, plan: &Plan) -> Tables {
    tables(problem, plan, &check::check(problem, plan))
}

/// The rows of `table`, those of `rows` with a known key in their place, the others at the end.
fn merged(table: &Table, rows: &Table, keys: &[String]) -> Table {
    let key =
        |table: &Table, row: usize| keys.iter().map(|key| table.cell_text(key, row)).collect::<Vec<_>>();
    let replaced: Vec<Option<usize>> = (0..rows.len())
        .map(|row| (0..table.len()).find(|&known| !keys.is_empty() && key(table, known) == key(rows, row)))
        .collect();
    let mut merged = Table::new(table.name()).from_file(table.file());
    let titles = table
        .columns()
        .iter()
        .chain(rows.columns().iter().filter(|(title, _)| table.column(title).is_none()));
    for (title, shape) in titles {
        // Each cell comes from the new row where it gives the column, else from the known one.
        let from_new = rows.column(title).is_some();
        let source = |at: usize| -> (&Table, usize) {
            let known = replaced.iter().rposition(|&known| known == Some(at)).filter(|_| from_new);
            known.map_or((table, at), |row| (rows, row))
        };
        let fresh = (0..rows.len()).filter(|&row| replaced[row].is_none()).map(|row| (rows, row));
        let cells: Vec<(&Table, usize)> = (0..table.len()).map(source).chain(fresh).collect();
        merged.set(title.as_str(), column_of(shape, title, &cells));
    }
    merged
}

fn column_of(shape: &Column, title: &str, cells: &[(&Table, usize)]) -> Column {
    match shape {
        Column::Text(_) => {
            Column::Text(cells.iter().map(|(table, row)| table.cell_text(title, *row)).collect())
        }
        Column::Number(_) => Column::Number(
            cells
                .iter()
                .map(|(table, row)| table.number(title).map_or(f64::NAN, |numbers| numbers[*row]))
                .collect(),
        ),
        Column::Date(_) => Column::Date(
            cells
                .iter()
                .map(|(table, row)| table.date(title).map_or(Table::NO_DATE, |dates| dates[*row]))
                .collect(),
        ),
        Column::Flag(_) => Column::Flag(
            cells
                .iter()
                .map(|(table, row)| table.flag(title).map_or(Table::BLANK_FLAG, |flags| flags[*row]))
                .collect(),
        ),
    }
}

/// Puts visits that the plan does not name where they add least; those without such a place stay out.
fn insert_missing(problem: &Problem, plan: &mut Plan) -> Vec<usize> {
    let mut known = vec![false; problem.visits.len()];
    plan.routes.iter().flat_map(PlanRoute::visits).for_each(|visit| known[visit] = true);
    plan.unserved.iter().for_each(|left| known[left.visit] = true);
    let new: Vec<usize> = (0..known.len()).filter(|&visit| !known[visit]).collect();
    for &visit in &new {
        let mut best: Option<(f64, usize, PlanRoute)> = None;
        for (at, route) in plan.routes.iter().enumerate() {
            let before = check_route(problem, route).1.total();
            for (trip, list) in route.trips.iter().enumerate() {
                for position in 0..=list.visits.len() {
                    let mut longer = route.clone();
                    longer.trips[trip].visits.insert(position, visit);
                    let (_, costs, violations) = check_route(problem, &longer);
                    let added = costs.total() - before;
                    if violations.is_empty() && best.as_ref().is_none_or(|(known, ..)| added < *known) {
                        best = Some((added, at, longer));
                    }
                }
            }
        }
        match best {
            Some((_, at, route)) => plan.routes[at] = route,
            None => plan.unserved.push(super::plan::Unserved {
                visit,
                reason: "fits into no route of the last plan".to_owned(),
            }),
        }
    }
    new
}

/// The rows of some visits.
fn only(table: &Table, visits: &[usize], problem: &Problem) -> Table {
    let codes: Vec<&str> = visits.iter().map(|&visit| problem.visits[visit].code.as_str()).collect();
    let words = table.text("visit");
    let rows: Vec<(&Table, usize)> = (0..table.len())
        .filter(|&row| words.is_some_and(|words| codes.contains(&words.get(row))))
        .map(|row| (table, row))
        .collect();
    let mut kept = Table::new(table.name());
    for (title, shape) in table.columns() {
        kept.set(title.as_str(), column_of(shape, title, &rows));
    }
    kept
}
