//! One new fact: rows that join an input table, and what becomes of the last plan.

use std::collections::HashMap;

use super::super::{Event, Input, Update, Violation};
use super::check::{check, check_route, take_in, unit};
use super::model::{hopeless, reasons};
use super::plan::{self, Plan, PlanRoute, Unserved};
use super::prepared::PreparedDelivery;
use super::problem::Problem;
use crate::data::{Code, Column, Fault, Faults, Table, Tables};

/// Brings the rows in. Visits that a rule now forbids leave their routes, and every visit without a
/// route goes where it adds least to the last plan. A fault changes nothing.
pub(super) fn update(prepared: &mut PreparedDelivery, event: &Event) -> Result<Update, Faults> {
    let input = with_rows(&prepared.input, event)?;
    let problem = Problem::read(input.clone())?;
    let last = prepared.last.lock().ok().and_then(|last| last.clone());
    let Some(last) = last else {
        prepared.replace(input, problem);
        return Ok(Update::default());
    };
    // The plan outlives the reading by the codes of its visits and vehicles.
    let mut plan = plan::read(&problem, &tables_of(&prepared.problem, &last))?;
    let touched = touched(&problem, &event.rows);
    let told = follow(&problem, &mut plan, &touched);
    let all = tables_of(&problem, &plan);
    prepared.replace(input, problem);
    let orders =
        all.get("visits_plan").map_or_else(Table::default, |table| only(table, &told, &prepared.problem));
    if let Ok(mut last) = prepared.last.lock() {
        *last = Some(plan);
    }
    Ok(Update { orders })
}

/// The input with the rows in their table.
fn with_rows(input: &Input, event: &Event) -> Result<Input, Faults> {
    let Input::Tables { name, tables, settings } = input else {
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
    Ok(Input::Tables { name: name.clone(), tables: tables.clone().with(merged), settings: settings.clone() })
}

fn tables_of(problem: &Problem, plan: &Plan) -> Tables {
    plan::tables(problem, plan, &check(problem, plan))
}

/// Visits that rows name.
fn touched(problem: &Problem, rows: &Table) -> Vec<usize> {
    let index = problem.visit_index();
    let words = rows.text("visit").map_or_else(Vec::new, |words| {
        (0..rows.len()).filter_map(|row| index.get(words.get(row)).copied()).collect()
    });
    // A table of vehicles may have a column of that name, which says nothing.
    if ["visits", "windows"].contains(&rows.name()) { words } else { Vec::new() }
}

/// Takes visits off routes until none breaks a rule.
pub(super) fn relieved(problem: &Problem, mut plan: Plan, touched: &[usize]) -> Plan {
    plan.routes.iter_mut().for_each(|route| relieve(problem, route, touched));
    plan.routes.retain(|route| route.visits().next().is_some());
    plan
}

/// Makes the plan keep the rules again; the visits whose line in it is another.
fn follow(problem: &Problem, plan: &mut Plan, touched: &[usize]) -> Vec<usize> {
    *plan = relieved(problem, std::mem::take(plan), touched);
    let mut missing = vec![true; problem.visits.len()];
    plan.routes.iter().flat_map(PlanRoute::visits).for_each(|visit| missing[visit] = false);
    let missing: Vec<usize> = (0..missing.len()).filter(|&visit| missing[visit]).collect();
    let mut ranked = missing.clone();
    let urgency = |&visit: &usize| {
        let visit = &problem.data.visits[visit];
        (visit.prize.is_some(), std::cmp::Reverse(visit.priority))
    };
    ranked.sort_by_key(urgency);
    let left = take_in(problem, plan, &ranked);
    let was_out: Vec<usize> = plan.unserved.iter().map(|left| left.visit).collect();
    plan.unserved = left_out(problem, plan, left);
    let changed = |visit: &usize| {
        let is_out = plan.unserved.iter().any(|left| left.visit == *visit);
        touched.contains(visit) || !(is_out && was_out.contains(visit))
    };
    let mut told: Vec<usize> = missing.into_iter().filter(changed).chain(touched.iter().copied()).collect();
    told.sort_unstable();
    told.dedup();
    told
}

/// Takes visits off a route until it breaks no rule: each time the one without which it breaks least,
/// of those that were touched where one of them helps. Of visits that help alike, one with a prize, the
/// less urgent, and the later goes first.
fn relieve(problem: &Problem, route: &mut PlanRoute, touched: &[usize]) {
    let mut broken = check_route(problem, route).2;
    while !broken.is_empty() {
        let tried: Vec<Without> =
            route.visits().enumerate().map(|(at, visit)| Without::new(problem, route, at, visit)).collect();
        let helps = |without: &&Without| touched.contains(&without.visit) && without.harm < harm(&broken);
        let better = |a: &&Without, b: &&Without| a.order(b);
        let of_fact = tried.iter().filter(helps).min_by(better);
        let Some(best) = of_fact.or_else(|| tried.iter().min_by(better)) else { return };
        *route = best.route.clone();
        broken = check_route(problem, route).2;
    }
}

/// How many rules are broken, and by how much in all.
fn harm(broken: &[Violation]) -> (usize, f64) {
    (broken.len(), broken.iter().map(|violation| violation.amount).sum())
}

/// A route without one of its visits.
struct Without {
    visit: usize,
    route: PlanRoute,
    harm: (usize, f64),
    /// Whether it must be served, how urgent it is, and where it stands from the end.
    loss: (bool, u32, std::cmp::Reverse<usize>),
}

impl Without {
    fn new(problem: &Problem, route: &PlanRoute, at: usize, visit: usize) -> Self {
        let gone = unit(problem, visit);
        let mut route = route.clone();
        for trip in &mut route.trips {
            trip.visits.retain(|visit| !gone.contains(visit));
        }
        route.trips.retain(|trip| !trip.visits.is_empty());
        if let Some(first) = route.trips.first_mut() {
            first.depot = problem.data.vehicles[route.kind].start;
        }
        let broken = if route.trips.is_empty() { Vec::new() } else { check_route(problem, &route).2 };
        let data = &problem.data.visits[visit];
        let loss = (data.prize.is_none(), data.priority, std::cmp::Reverse(at));
        Without { visit, harm: harm(&broken), route, loss }
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by_harm = self.harm.0.cmp(&other.harm.0).then(self.harm.1.total_cmp(&other.harm.1));
        by_harm.then(self.loss.cmp(&other.loss))
    }
}

/// Visits left out with their reasons.
fn left_out(problem: &Problem, plan: &Plan, mut left: Vec<usize>) -> Vec<Unserved> {
    left.sort_unstable();
    let lost = hopeless(problem);
    let told = reasons(problem, plan, &left).into_iter();
    told.map(|left| Unserved { reason: lost[left.visit].clone().unwrap_or(left.reason), ..left }).collect()
}

/// The rows of `table`, those of `rows` with a known key in their place, the others at the end.
pub(super) fn merged(table: &Table, rows: &Table, keys: &[String]) -> Table {
    let key =
        |table: &Table, row: usize| keys.iter().map(|key| table.cell_text(key, row)).collect::<Vec<_>>();
    let mut known: HashMap<Vec<String>, usize> = HashMap::new();
    for row in (0..table.len()).filter(|_| !keys.is_empty()) {
        known.entry(key(table, row)).or_insert(row);
    }
    let replaced: Vec<Option<usize>> =
        (0..rows.len()).map(|row| known.get(&key(rows, row)).copied()).collect();
    // Of new rows for the same one the last counts.
    let mut newest: Vec<Option<usize>> = vec![None; table.len()];
    for (row, known) in replaced.iter().enumerate() {
        if let Some(known) = *known {
            newest[known] = Some(row);
        }
    }
    let mut merged = Table::new(table.name()).from_file(table.file());
    let titles = table
        .columns()
        .iter()
        .chain(rows.columns().iter().filter(|(title, _)| table.column(title).is_none()));
    for (title, shape) in titles {
        // Each cell comes from the new row where it gives the column, else from the known one.
        let from_new = rows.column(title).is_some();
        let source = |at: usize| -> (&Table, usize) {
            newest[at].filter(|_| from_new).map_or((table, at), |row| (rows, row))
        };
        let fresh = (0..rows.len()).filter(|&row| replaced[row].is_none()).map(|row| (rows, row));
        let cells: Vec<(&Table, usize)> = (0..table.len()).map(source).chain(fresh).collect();
        merged.set(title.as_str(), column_of(shape, title, &cells));
    }
    merged
}

/// Cells of rows as one column.
pub(super) fn column_of(shape: &Column, title: &str, cells: &[(&Table, usize)]) -> Column {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn visits(codes: impl Iterator<Item = String>, kg: impl Iterator<Item = f64>) -> Table {
        Table::new("visits").with_text("visit", codes).with_number("delivery_kg", kg)
    }

    #[test]
    fn rows_join_by_their_key() {
        let codes = |codes: &'static [&str]| codes.iter().map(|&code| code.to_owned());
        let table = visits(codes(&["A", "B", "A"]), [1.0, 2.0, 3.0].into_iter())
            .with_text("skills", ["lift", "", ""]);
        let rows = visits(codes(&["C", "A", "A"]), [4.0, 5.0, 6.0].into_iter());
        let joined = merged(&table, &rows, &["visit".to_owned()]);
        let column =
            |title: &str| (0..joined.len()).map(|row| joined.cell_text(title, row)).collect::<Vec<_>>();
        assert_eq!(column("visit"), ["A", "B", "A", "C"], "the first A is replaced");
        assert_eq!(column("delivery_kg"), ["6", "2", "3", "4"], "by the last of the new rows");
        assert_eq!(column("skills"), ["lift", "", "", ""]);
        assert_eq!(merged(&table, &rows, &[]).len(), 6, "without a key all rows are new");
    }

    #[test]
    fn many_rows_join_many() {
        let count = 30_000;
        let of = |from: usize| {
            visits((from..from + count).map(|at| format!("V{at}")), (0..count).map(|at| at as f64))
        };
        let joined = merged(&of(0), &of(count / 2), &["visit".to_owned()]);
        assert_eq!((joined.len(), joined.number("delivery_kg").unwrap()[count / 2]), (count * 3 / 2, 0.0));
    }
}
