//! The plan in the planner's terms, its tables and key figures, and the way back from tables to a plan.

use std::collections::BTreeMap;

use super::check::{Checked, Costs, check_route, loads_of};
use super::problem::{Problem, UNITS};
use crate::data::{Code, Fault, Faults, Table, Tables};
use crate::optimize::routes::{FileRoute, FileSolution, Trip, read_sol, write_sol};

/// The route of one vehicle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlanRoute {
    /// Type of the vehicle.
    pub kind: usize,
    /// Which one of the type it is.
    pub member: usize,
    pub trips: Vec<Trip>,
}

impl PlanRoute {
    /// Its visits in order.
    pub fn visits(&self) -> impl Iterator<Item = usize> + '_ {
        self.trips.iter().flat_map(|trip| trip.visits.iter().copied())
    }
}

/// A visit that is left out, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unserved {
    pub visit: usize,
    pub reason: String,
}

/// Routes, and what is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Plan {
    pub routes: Vec<PlanRoute>,
    pub unserved: Vec<Unserved>,
}

/// The tables of a plan: `visits_plan`, `routes`, `unserved`.
pub(super) fn tables(problem: &Problem, plan: &Plan, checked: &Checked) -> Tables {
    let stops = stops_table(problem, plan, checked);
    Tables::default()
        .with(stops)
        .with(routes_table(problem, plan, checked))
        .with(unserved_table(problem, plan))
}

/// One row of `visits_plan`.
#[derive(Default)]
struct StopRow {
    words: [String; 7],
    numbers: [f64; 5],
    loads: Vec<f64>,
}

fn stops_table(problem: &Problem, plan: &Plan, checked: &Checked) -> Table {
    let telling = &problem.telling;
    let mut rows: Vec<StopRow> = Vec::new();
    for (number, (route, (walked, _))) in plan.routes.iter().zip(&checked.routes).enumerate() {
        let loads = loads_of(problem, route).1;
        for (position, (stop, loads)) in walked.stops.iter().zip(loads).enumerate() {
            let depot = route.trips.get(stop.trip).and_then(|trip| problem.depots.get(trip.depot));
            rows.push(StopRow {
                words: [
                    problem.visits[stop.visit].code.clone(),
                    problem.vehicle(route.kind, route.member).to_owned(),
                    depot.map_or_else(String::new, |depot| depot.code.clone()),
                    problem.time(stop.arrival),
                    problem.time(stop.start),
                    problem.time(stop.end),
                    String::new(),
                ],
                numbers: [
                    (number + 1) as f64,
                    (stop.trip + 1) as f64,
                    (position + 1) as f64,
                    rounded(stop.waiting * telling.time),
                    rounded(stop.lateness * telling.time),
                ],
                loads,
            });
        }
    }
    for left in &plan.unserved {
        let mut row = StopRow { numbers: [f64::NAN; 5], ..StopRow::default() };
        row.words[0].clone_from(&problem.visits[left.visit].code);
        row.words[6].clone_from(&left.reason);
        rows.push(row);
    }
    let word = |at: usize| rows.iter().map(move |row| row.words[at].as_str());
    let number = |at: usize| rows.iter().map(move |row| row.numbers[at]);
    let counts = |at: usize| {
        problem.data.visits.iter().any(|visit| {
            [&visit.delivery, &visit.pickup]
                .iter()
                .any(|amounts| amounts.get(at).is_some_and(|amount| *amount > 0.0))
        })
    };
    // A unit in which nothing is carried stays blank.
    let in_use: Vec<bool> = (0..UNITS.len()).map(counts).collect();
    let load = |at: usize| {
        rows.iter().map({
            let in_use = in_use[at];
            move |row| row.loads.get(at).copied().filter(|_| in_use).unwrap_or(f64::NAN)
        })
    };
    let mut table = Table::new("visits_plan")
        .with_text("visit", word(0))
        .with_text("vehicle", word(1))
        .with_text("depot", word(2));
    for (at, name) in ["route", "trip", "position"].into_iter().enumerate() {
        table = table.with_number(name, number(at));
    }
    for (at, name) in ["arrival", "start", "end"].into_iter().enumerate() {
        table = table.with_text(name, word(at + 3));
    }
    table = table.with_number("waiting_minutes", number(3)).with_number("lateness_minutes", number(4));
    for (at, unit) in UNITS.iter().enumerate() {
        table = table.with_number(&format!("load_{unit}"), load(at));
    }
    table.with_text("reason", word(6))
}

fn routes_table(problem: &Problem, plan: &Plan, checked: &Checked) -> Table {
    let telling = &problem.telling;
    let both: Vec<_> = plan.routes.iter().zip(&checked.routes).collect();
    let time = |value: f64| rounded(value * telling.time);
    let of = |value: &dyn Fn(&PlanRoute, &super::check::Walked) -> f64| -> Vec<f64> {
        both.iter().map(|(route, (walked, _))| value(route, walked)).collect()
    };
    let vehicle = both.iter().map(|(route, _)| problem.vehicle(route.kind, route.member));
    Table::new("routes")
        .with_text("vehicle", vehicle)
        .with_number("route", (1..=both.len()).map(|number| number as f64))
        .with_text("start", both.iter().map(|(_, (walked, _))| problem.time(walked.start)))
        .with_text("end", both.iter().map(|(_, (walked, _))| problem.time(walked.end)))
        .with_number("stops", of(&|_, walked| walked.stops.len() as f64))
        .with_number("trips", of(&|route, _| route.trips.len() as f64))
        .with_number("distance_km", of(&|_, walked| rounded(walked.distance * telling.distance)))
        .with_number("duration_minutes", of(&|_, walked| time(walked.end - walked.start)))
        .with_number("driving_minutes", of(&|_, walked| time(walked.driving)))
        .with_number(
            "service_minutes",
            of(&|_, walked| time(walked.stops.iter().map(|stop| stop.end - stop.start + stop.setup).sum())),
        )
        .with_number(
            "waiting_minutes",
            of(&|_, walked| time(walked.stops.iter().map(|stop| stop.waiting).sum())),
        )
        .with_number(
            "lateness_minutes",
            of(&|_, walked| time(walked.stops.iter().map(|stop| stop.lateness).sum())),
        )
        .with_number("load_share", of(&|route, _| rounded(loads_of(problem, route).0)))
        .with_number("cost", both.iter().map(|(_, (_, cost))| rounded(*cost)))
}

fn unserved_table(problem: &Problem, plan: &Plan) -> Table {
    let named = || plan.unserved.iter().map(|left| &problem.visits[left.visit]);
    Table::new("unserved")
        .with_text("visit", named().map(|visit| visit.code.as_str()))
        .with_text("file", named().map(|visit| visit.file.as_str()))
        .with_number("row", named().map(|visit| visit.row as f64))
        .with_text("reason", plan.unserved.iter().map(|left| left.reason.as_str()))
        .with_number(
            "prize",
            plan.unserved.iter().map(|left| problem.data.visits[left.visit].prize.unwrap_or(f64::NAN)),
        )
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Key figures by name, in the order in which people read them.
pub(super) fn kpis(problem: &Problem, plan: &Plan, checked: &Checked) -> Vec<(String, f64)> {
    let Costs { fixed, distance, duration, lateness, prizes, balance } = checked.costs;
    let telling = &problem.telling;
    let sum = |of: &dyn Fn(&super::check::Walked) -> f64| {
        checked.routes.iter().map(|(walked, _)| of(walked)).sum::<f64>()
    };
    let stops = |of: fn(&super::check::Stop) -> f64| sum(&|walked| walked.stops.iter().map(of).sum());
    let must = plan.unserved.iter().filter(|left| problem.data.visits[left.visit].prize.is_none()).count();
    let (distance_name, time_unit) =
        if problem.from_file { ("distance", "") } else { ("distance_km", "_minutes") };
    let named = |name: &str| format!("{name}{time_unit}");
    vec![
        ("vehicles_used".to_owned(), plan.routes.len() as f64),
        ("visits_served".to_owned(), plan.routes.iter().flat_map(PlanRoute::visits).count() as f64),
        ("visits_unserved".to_owned(), plan.unserved.len() as f64),
        ("visits_unserved_without_prize".to_owned(), must as f64),
        (distance_name.to_owned(), sum(&|walked| walked.distance) * telling.distance),
        (named("duration"), sum(&|walked| walked.end - walked.start) * telling.time),
        (named("driving"), sum(&|walked| walked.driving) * telling.time),
        (named("waiting"), stops(|stop| stop.waiting) * telling.time),
        (named("lateness"), stops(|stop| stop.lateness) * telling.time),
        ("visits_late".to_owned(), stops(|stop| f64::from(u8::from(stop.lateness > 0.0)))),
        ("fixed_cost".to_owned(), fixed),
        ("distance_cost".to_owned(), distance),
        ("duration_cost".to_owned(), duration),
        ("lateness_cost".to_owned(), lateness),
        ("prizes_not_collected".to_owned(), prizes),
        ("balance_cost".to_owned(), balance),
    ]
}

/// Trip, position, visit and depot of a row of a plan.
type Placed = (u64, u64, usize, Option<usize>);

/// A plan from the tables `visits_plan` and, where it is given, `unserved`.
pub(super) fn read(problem: &Problem, tables: &Tables) -> Result<Plan, Faults> {
    let mut faults = Faults::default();
    let Some(table) = tables.get("visits_plan") else {
        let fault = Fault::error(Code::MissingTable, "visits_plan", "the plan has no table visits_plan");
        return Err(fault.with_help("give a table with the columns visit, vehicle and position").into());
    };
    let (visits, vehicles) = (problem.visit_index(), problem.vehicle_index());
    let depots: Vec<&str> = problem.depots.iter().map(|depot| depot.code.as_str()).collect();
    let cell = |column: &str, row: usize| table.text(column).map_or("", |words| words.get(row));
    let number = |column: &str, row: usize| table.number(column).map_or(f64::NAN, |numbers| numbers[row]);
    let mut routes: BTreeMap<(usize, usize, u64), Vec<Placed>> = BTreeMap::new();
    let mut plan = Plan::default();
    for row in 0..table.len() {
        let unknown = |column: &str, what: &str| {
            let word = cell(column, row);
            Fault::error(
                Code::UnknownReference,
                table.file(),
                format!("{column} is \"{word}\", which is no {what}"),
            )
            .at_row(table.row_number(row))
            .in_column(column, word)
            .with_help(format!("name a {what} of the input"))
        };
        let Some(&visit) = visits.get(cell("visit", row)) else {
            faults.push(unknown("visit", "visit"));
            continue;
        };
        if cell("vehicle", row).is_empty() {
            plan.unserved.push(Unserved { visit, reason: cell("reason", row).to_owned() });
            continue;
        }
        let Some(&(kind, member)) = vehicles.get(cell("vehicle", row)) else {
            faults.push(unknown("vehicle", "vehicle"));
            continue;
        };
        let depot = depots.iter().position(|depot| *depot == cell("depot", row));
        if depot.is_none() && !cell("depot", row).is_empty() {
            faults.push(unknown("depot", "depot"));
        }
        let order = |column: &str, other: f64| {
            Some(number(column, row)).filter(|n| *n >= 0.0).unwrap_or(other) as u64
        };
        let key = (kind, member, order("route", 0.0));
        routes.entry(key).or_default().push((
            order("trip", 1.0),
            order("position", row as f64),
            visit,
            depot,
        ));
    }
    faults.into_result()?;
    for ((kind, member, _), mut rows) in routes {
        rows.sort_unstable();
        plan.routes.push(PlanRoute { kind, member, trips: trips(problem, kind, &rows) });
    }
    Ok(plan)
}

/// The trips of sorted rows of one route.
fn trips(problem: &Problem, kind: usize, rows: &[Placed]) -> Vec<Trip> {
    let start = problem.data.vehicles[kind].start;
    let mut trips: Vec<Trip> = Vec::new();
    for trip in rows.chunk_by(|a, b| a.0 == b.0) {
        let depot = trip.iter().find_map(|(.., depot)| *depot).unwrap_or(start);
        trips.push(Trip { depot, visits: trip.iter().map(|&(_, _, visit, _)| visit).collect() });
    }
    trips
}

/// The plan as a solution file; routes are numbered by their vehicle.
pub(super) fn to_sol(problem: &Problem, plan: &Plan, cost: f64) -> String {
    let number = |route: &PlanRoute| problem.vehicle(route.kind, route.member).parse().unwrap_or(0);
    let node = |visit: usize| problem.visits[visit].code.parse::<u32>().unwrap_or(0);
    let mut routes: Vec<FileRoute> = plan
        .routes
        .iter()
        .map(|route| FileRoute { number: number(route), line: 0, nodes: route.visits().map(node).collect() })
        .collect();
    routes.sort_by_key(|route| route.number);
    write_sol(&FileSolution { routes, cost: Some(cost) })
}

/// The tables of a plan from the text of a solution file.
///
/// The file names no vehicles. A route is driven by the vehicle of its number; where that breaks a
/// rule, or misses the cost that the file states and another way does not, the routes are given to
/// vehicles so that they cost least.
pub(super) fn from_sol(problem: &Problem, label: &str, text: &str) -> Result<Tables, Faults> {
    let file = read_sol(text).map_err(|error| super::problem::fault_of(label, &error))?;
    let visits = problem.visit_index();
    let mut faults = Faults::default();
    let mut lists = Vec::new();
    for route in &file.routes {
        let mut list = Vec::new();
        for node in &route.nodes {
            match visits.get(node.to_string().as_str()) {
                Some(&visit) => list.push(visit),
                None => faults.push(
                    Fault::error(
                        Code::UnknownReference,
                        label,
                        format!("route {} names {node}, which is no visit", route.number),
                    )
                    .at_row(route.line as u64)
                    .with_help("nodes have the number of the problem file less one; depots are not written"),
                ),
            }
        }
        lists.push(list);
    }
    faults.into_result()?;
    let by_number = by_number(problem, &file, &lists);
    let plan = match by_number {
        Some(plan) if is_meant(problem, &plan, file.cost) => plan,
        other => {
            let cheapest = super::assign::cheapest(problem, &lists);
            if cheapest.routes.len() == lists.len() { cheapest } else { other.unwrap_or(cheapest) }
        }
    };
    let checked = super::check::check(problem, &plan);
    Ok(tables(problem, &plan, &checked))
}

/// Each route with the vehicle of its number; `None` where a number is no vehicle or stands twice.
fn by_number(problem: &Problem, file: &FileSolution, lists: &[Vec<usize>]) -> Option<Plan> {
    let vehicles = problem.vehicle_index();
    let mut plan = Plan::default();
    for (route, visits) in file.routes.iter().zip(lists) {
        let &(kind, member) = vehicles.get(route.number.to_string().as_str())?;
        if plan.routes.iter().any(|known| (known.kind, known.member) == (kind, member)) {
            return None;
        }
        plan.routes.push(one_trip(problem, kind, member, visits.clone()));
    }
    Some(plan)
}

/// Whether the numbers of a file mean vehicles: they break no rule of a route, and give the stated cost.
fn is_meant(problem: &Problem, plan: &Plan, stated: Option<f64>) -> bool {
    if problem.data.vehicles.len() == 1 {
        return true;
    }
    let sound = plan.routes.iter().all(|route| check_route(problem, route).2.is_empty());
    let cost = super::check::price(problem, plan).total();
    sound && stated.is_none_or(|stated| (stated - cost).abs() <= 1e-4 * cost.abs().max(1.0))
}

/// A route of one trip from the depot of its type.
pub(super) fn one_trip(problem: &Problem, kind: usize, member: usize, visits: Vec<usize>) -> PlanRoute {
    let depot = problem.data.vehicles[kind].start;
    PlanRoute { kind, member, trips: vec![Trip { depot, visits }] }
}
