//! The plan as a person reads it: what it costs, a map, who does what when, loads and lateness, what
//! is left out and why.

use super::super::Solution;
use super::check::{Walked, loads_of, walk};
use super::plan::{self, Plan};
use super::problem::Problem;
use crate::data::{Column as Values, Table as Rows};
use crate::presentation::{
    Activity, Bars, Block, Cells, Column, Figure, MapPoint, MapRoute, Measure, Notice, Presentation,
    RouteMap, Section, Severity, Table, TimeRow, TimeSpan, TimeTick, Timetable, Tone,
};

/// Rows of a table of the report; the files of the output hold all.
const MOST_SHOWN: usize = 2_000;
/// Plan tables that are shown: title, lead, and the columns in their order for a reader.
const SHOWN: [(&str, &str, &str, &[&str]); 3] = [
    (
        "unserved",
        "Left out",
        "Visits on no route, with the input row that states them.",
        &["visit", "reason", "prize", "file", "row"],
    ),
    (
        "routes",
        "Routes",
        "One line a route.",
        &[
            "vehicle",
            "start",
            "end",
            "stops",
            "distance_km",
            "duration_minutes",
            "cost",
            "load_share",
            "waiting_minutes",
            "lateness_minutes",
            "trips",
        ],
    ),
    (
        "visits_plan",
        "Stops",
        "Each stop in the order of its route.",
        &[
            "vehicle",
            "position",
            "visit",
            "arrival",
            "start",
            "end",
            "waiting_minutes",
            "lateness_minutes",
            "load_pieces",
            "load_kg",
            "load_m3",
            "load_pallets",
            "trip",
            "depot",
        ],
    ),
];
/// Warnings shown one by one.
const MOST_WARNINGS: usize = 20;

/// What is told of a run besides its solution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub seed: u64,
    pub threads: usize,
}

/// Tells `solution`.
pub(super) fn present(problem: &Problem, solution: &Solution, run: Run) -> Presentation {
    let plan = plan::read(problem, &solution.tables).unwrap_or_default();
    let walked: Vec<Walked> =
        plan.routes.iter().map(|route| walk(problem, route.kind, &route.trips)).collect();
    let mut presentation = Presentation::new(&problem.name);
    let visits = super::tell::counted(problem.visits.len() as f64, "visit");
    let fleet: usize = problem.data.vehicles.iter().map(|vehicle| vehicle.count).sum();
    let at = super::tell::counted(problem.depots.len() as f64, "depot");
    presentation.subtitle =
        format!("Routes for {visits} with up to {} at {at}", super::tell::counted(fleet as f64, "vehicle"));
    presentation.date = problem.clock.plan_date();
    presentation.style = problem.telling.style.clone();
    presentation.headline.clone_from(&solution.headline);
    presentation.figures = figures(problem, solution);
    if !plan.routes.is_empty() {
        presentation.sections.push(Section::new("Map").with(Block::RouteMap(map(problem, &plan))));
        presentation.sections.push(timetable(problem, &plan, &walked));
        presentation.sections.push(use_of_vehicles(problem, &plan, &walked));
    }
    for (name, title, lead, columns) in SHOWN {
        let known = solution.tables.get(name).filter(|rows| !rows.is_empty());
        presentation.sections.extend(known.map(|rows| section(problem, rows, title, lead, columns)));
    }
    presentation.sections.extend(warnings(solution));
    let facts =
        Block::run_facts(&solution.outcome, &problem.telling.cost, run.seed, run.threads, &solution.seconds);
    presentation.sections.push(Section::new("This run").with(facts));
    presentation
}

fn figures(problem: &Problem, solution: &Solution) -> Vec<Figure> {
    let telling = &problem.telling;
    let kpi = |name: &str| {
        let found = solution.kpis.iter().find(|(known, _)| known == name);
        found.map_or(f64::NAN, |(_, value)| *value)
    };
    let whole = || Measure::number().with_decimals(0);
    let cost = solution.outcome.objective.unwrap_or(f64::NAN);
    let mut figures = vec![Figure::number("Cost of the plan", cost, telling.cost.clone())];
    figures.push(Figure::number("Vehicles used", kpi("vehicles_used"), whole()));
    figures.push(Figure::number("Visits served", kpi("visits_served"), whole()));
    let (unserved, must) = (kpi("visits_unserved"), kpi("visits_unserved_without_prize"));
    let left = Figure::number("Left out", unserved, whole());
    figures.push(if must > 0.0 {
        left.with_tone(Tone::Bad).with_note(format!("{must} of them should be served"))
    } else {
        left
    });
    if problem.from_file {
        figures.push(Figure::number("Distance", kpi("distance"), Measure::number()));
    } else {
        figures.push(Figure::number(
            "Distance",
            kpi("distance_km"),
            Measure::quantity("km").with_decimals(1),
        ));
        let hours = |name: &str| kpi(name) / 60.0;
        let measure = || Measure::quantity("h").with_decimals(1);
        figures.push(Figure::number("Time of all routes", hours("duration_minutes"), measure()));
        figures.push(Figure::number("Waiting", hours("waiting_minutes"), measure()));
        let late = Figure::number("Late visits", kpi("visits_late"), whole());
        figures.push(if kpi("visits_late") > 0.0 { late.with_tone(Tone::Warning) } else { late });
    }
    let (words, tone) = match solution.checks.violations.len() {
        0 => ("every rule is kept".to_owned(), Tone::Good),
        broken => (format!("{} broken", super::tell::counted(broken as f64, "rule")), Tone::Bad),
    };
    figures.push(Figure::text("Check", words).with_tone(tone));
    figures
}

fn map(problem: &Problem, plan: &Plan) -> RouteMap {
    let point = |position: Option<[f64; 2]>, text: String| {
        let [x, y] = position.unwrap_or([f64::NAN; 2]);
        MapPoint { x, y, text }
    };
    let depot = |index: usize| point(problem.depots[index].position, String::new());
    let route = |route: &plan::PlanRoute| {
        let name = problem.vehicle(route.kind, route.member).to_owned();
        let kind = &problem.data.vehicles[route.kind];
        let mut way = Vec::new();
        for trip in &route.trips {
            way.push(depot(trip.depot));
            way.extend(trip.visits.iter().enumerate().map(|(at, &visit)| {
                let named = &problem.visits[visit];
                point(named.position, format!("{name}, stop {}: {}", at + 1, named.code))
            }));
        }
        way.extend(kind.end.map(depot));
        MapRoute { name: named(problem, &name), way }
    };
    let swapped_away = |visit: usize| problem.visits[visit].flaw.is_some();
    let left = plan.unserved.iter().filter(|left| !swapped_away(left.visit)).map(|left| {
        let visit = &problem.visits[left.visit];
        point(visit.position, format!("{}: {}", visit.code, left.reason))
    });
    RouteMap {
        title: String::new(),
        description: "Straight lines from stop to stop, to scale; north is up.".to_owned(),
        geographic: problem.telling.geographic,
        depots: problem
            .depots
            .iter()
            .map(|depot| point(depot.position, format!("depot {}", depot.code)))
            .collect(),
        routes: plan.routes.iter().map(route).collect(),
        left_out: left.collect(),
    }
}

/// A vehicle's name; a number alone says nothing.
fn named(problem: &Problem, vehicle: &str) -> String {
    if problem.from_file { format!("vehicle {vehicle}") } else { vehicle.to_owned() }
}

fn timetable(problem: &Problem, plan: &Plan, walked: &[Walked]) -> Section {
    let rows = plan.routes.iter().zip(walked).map(|(route, walked)| TimeRow {
        name: named(problem, problem.vehicle(route.kind, route.member)),
        spans: spans(problem, walked),
    });
    let table = Timetable {
        title: String::new(),
        description: "Thin: on the way or waiting. Thick: at work, at rest or loading.".to_owned(),
        ticks: ticks(problem, walked),
        rows: rows.collect(),
    };
    Section::new("Who does what when").with(Block::Timetable(table))
}

/// What a vehicle does, in the order of time.
fn spans(problem: &Problem, walked: &Walked) -> Vec<TimeSpan> {
    let told = |from: f64, to: f64, activity: Activity, what: &str| TimeSpan {
        from,
        to,
        activity,
        text: format!("{what}, {} to {}", problem.time(from), problem.time(to)),
    };
    let mut spans = Vec::new();
    for stop in &walked.stops {
        let code = &problem.visits[stop.visit].code;
        let ready = stop.arrival + stop.setup;
        if stop.waiting > 0.0 {
            spans.push(told(
                stop.start - stop.waiting,
                stop.start,
                Activity::Waiting,
                &format!("waits at {code}"),
            ));
        }
        if stop.setup > 0.0 {
            spans.push(told(stop.arrival, ready, Activity::Service, &format!("sets up at {code}")));
        }
        let (activity, what) = match stop.lateness > 0.0 {
            true => (Activity::LateService, format!("serves {code} late")),
            false => (Activity::Service, format!("serves {code}")),
        };
        spans.push(told(stop.start, stop.end, activity, &what));
    }
    spans.extend(walked.rests.iter().map(|rest| told(rest.start, rest.end, Activity::Rest, "rests")));
    spans.extend(walked.reloads.iter().map(|&(from, to)| told(from, to, Activity::Loading, "loads")));
    spans.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)));
    let mut ways = Vec::new();
    let mut free = walked.start;
    for span in &spans {
        if span.from > free + 1e-9 {
            ways.push(told(free, span.from, Activity::Driving, "on the way"));
        }
        free = free.max(span.to);
    }
    if walked.end > free + 1e-9 {
        ways.push(told(free, walked.end, Activity::Driving, "on the way"));
    }
    spans.extend(ways);
    spans.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)));
    spans
}

/// Full hours where times are of a day, else round numbers.
fn ticks(problem: &Problem, walked: &[Walked]) -> Vec<TimeTick> {
    let (first, last) = walked.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(first, last), route| {
        (first.min(route.start), last.max(route.end))
    });
    if !(first.is_finite() && last > first) {
        return Vec::new();
    }
    let least = (last - first) / 12.0;
    let step = if problem.from_file {
        let power = 10f64.powf(least.log10().floor());
        [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|lead| lead * power)
            .find(|step| *step >= least)
            .unwrap_or(least)
    } else {
        [0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 168.0]
            .map(|hours| hours * 3600.0)
            .into_iter()
            .find(|step| *step >= least)
            .unwrap_or(least)
    };
    let from = (first / step).ceil() as i64;
    let to = (last / step).floor() as i64;
    (from..=to)
        .take(100)
        .map(|at| at as f64 * step)
        .map(|at| TimeTick { at, name: problem.clock.hour(at) })
        .collect()
}

/// Bars of load and, where there is some, of lateness.
fn use_of_vehicles(problem: &Problem, plan: &Plan, walked: &[Walked]) -> Section {
    let labels: Vec<String> =
        plan.routes.iter().map(|route| named(problem, problem.vehicle(route.kind, route.member))).collect();
    let mut section = Section::new("Load and lateness");
    let shares: Vec<f64> = plan.routes.iter().map(|route| loads_of(problem, route).0).collect();
    if shares.iter().any(|share| *share > 0.0) {
        section = section.with(Block::Bars(Bars {
            title: "Largest load".to_owned(),
            description: "Of the capacity that is fullest, at the fullest point of each route.".to_owned(),
            measure: Measure::percent().with_decimals(0),
            labels: labels.clone(),
            values: shares,
        }));
    }
    let late =
        |walked: &Walked| walked.stops.iter().map(|stop| stop.lateness).sum::<f64>() * problem.telling.time;
    let lateness: Vec<f64> = walked.iter().map(late).collect();
    if lateness.iter().any(|late| *late > 0.0) {
        return section.with(Block::Bars(Bars {
            title: "Lateness".to_owned(),
            description: "Sum over the visits of each route.".to_owned(),
            measure: Measure::quantity(problem.telling.time_unit.as_str()).with_decimals(1),
            labels,
            values: lateness,
        }));
    }
    section.with(Block::text("No visit is late."))
}

/// A plan table for a reader; columns that say the same in every row of it are left out.
fn section(problem: &Problem, rows: &Rows, title: &str, lead: &str, columns: &[&str]) -> Section {
    // Visits that are left out have a table of their own.
    let on_route = |row: &usize| rows.text("vehicle").is_none_or(|words| !words.get(*row).is_empty());
    let shown: Vec<usize> = (0..rows.len()).filter(on_route).collect();
    let mut view = Table::new("");
    view.file = format!("{}.csv", rows.name());
    view.interactive = true;
    if shown.len() > MOST_SHOWN {
        view.caption = format!("The first {MOST_SHOWN} of {}.", shown.len());
    }
    for (name, column) in columns.iter().filter_map(|name| Some((*name, rows.column(name)?))) {
        let (title, measure) = heading(problem, name);
        let shown = shown.iter().take(MOST_SHOWN).copied();
        let cells = match column {
            Values::Number(numbers) => Cells::Number(shown.map(|row| numbers[row]).collect()),
            _ => Cells::Text(shown.map(|row| short(&rows.cell_text(name, row))).collect()),
        };
        let says_nothing = match &cells {
            Cells::Number(numbers) => numbers.iter().all(|number| number.is_nan() || *number == 0.0),
            Cells::Text(words) => words.iter().all(String::is_empty),
            _ => false,
        };
        let all_first = name == "trip" || name == "trips" || name == "depot";
        let is_plain = all_first
            && match &cells {
                Cells::Number(numbers) => numbers.iter().all(|number| *number == 1.0),
                Cells::Text(words) => words.windows(2).all(|two| two[0] == two[1]),
                _ => false,
            };
        if !says_nothing && !is_plain {
            view = view.with(Column { title, cells, measure, ..Column::default() });
        }
    }
    Section::new(title).with_lead(lead).with(Block::Table(view))
}

/// A time without its seconds; every other text as it stands.
fn short(text: &str) -> String {
    let is_time = |at: usize| {
        let digits = |from: usize| {
            text.as_bytes().get(from..from + 2).is_some_and(|two| two.iter().all(u8::is_ascii_digit))
        };
        digits(at)
            && digits(at + 3)
            && digits(at + 6)
            && text[at + 2..].starts_with(':')
            && text[at + 5..].starts_with(':')
    };
    let starts = [0, text.len().saturating_sub(8)];
    match starts.into_iter().find(|&at| text.is_ascii() && text.len() >= 8 && is_time(at)) {
        Some(at) => format!("{}{}", &text[..at + 5], &text[at + 8..]),
        None => text.to_owned(),
    }
}

/// Title and measure of a column of a plan table.
fn heading(problem: &Problem, name: &str) -> (String, Measure) {
    let telling = &problem.telling;
    let quantity = |unit: &str| Measure::quantity(unit).with_decimals(1);
    let whole = || Measure::number().with_decimals(0);
    match name {
        "cost" | "prize" => (name.to_owned(), telling.cost.clone()),
        "load_share" => ("largest load".to_owned(), Measure::percent().with_decimals(0)),
        "distance_km" => ("distance".to_owned(), quantity(&telling.distance_unit)),
        "route" | "trip" | "position" | "stops" | "trips" | "row" => (name.to_owned(), whole()),
        _ => match (name.strip_suffix("_minutes"), name.strip_prefix("load_")) {
            (Some(what), _) => (what.to_owned(), quantity(&telling.time_unit)),
            (_, Some(unit)) => (format!("aboard, {unit}"), Measure::number()),
            _ => (name.to_owned(), Measure::number()),
        },
    }
}

fn warnings(solution: &Solution) -> Option<Section> {
    if solution.warnings.is_empty() {
        return None;
    }
    let shown = solution.warnings.iter().take(MOST_WARNINGS);
    let mut notices: Vec<Notice> = shown.map(|text| Notice::new(Severity::Warning, text)).collect();
    let rest = solution.warnings.len().saturating_sub(MOST_WARNINGS);
    if rest > 0 {
        notices.push(Notice::new(Severity::Info, format!("and {rest} more in unserved.csv")));
    }
    Some(Section::new("Notices").with(Block::Notices { title: String::new(), notices }))
}
