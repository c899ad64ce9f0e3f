//! A played day as a document, tables and a presentation.

use serde_json::{Map, Value, json};

use super::super::super::Dispatched;
use super::super::tell::counted;
use super::check::Outturn;
use super::day::Day;
use super::fleet::{Doing, Step};
use super::policy::{Played, Policy};
use crate::data::{Table as Rows, Tables};
use crate::presentation::{Block, Column, Figure, Measure, Presentation, Section, Table, Tone};

/// A policy, what was done, and what it came to.
type Run = (Policy, Played, Outturn);

/// Everything that is told of the runs of a day.
pub(super) fn dispatched(day: &Day, runs: &[Run]) -> Dispatched {
    Dispatched {
        document: document(day, runs),
        tables: Tables::default().with(steps(day, runs)).with(unserved(day, runs)),
        presentation: present(day, runs),
    }
}

fn words(policy: Policy) -> &'static str {
    match policy {
        Policy::Rolling => "Planned anew",
        Policy::Nearest => "Nearest vehicle",
        Policy::Foresight => "Perfect foresight",
    }
}

fn document(day: &Day, runs: &[Run]) -> Value {
    let mut policies = Map::new();
    for (policy, played, outturn) in runs {
        let telling = &day.problem.telling;
        let told = json!({
            "cost": outturn.cost(),
            "fixed_cost": outturn.fixed_cost,
            "distance_cost": outturn.distance_cost,
            "duration_cost": outturn.duration_cost,
            "lateness_cost": outturn.lateness_cost,
            "prizes_not_collected": outturn.prizes,
            "orders_served": outturn.served,
            "orders_unserved": outturn.unserved,
            "orders_late": outturn.late,
            "lateness_minutes": outturn.lateness * telling.time,
            "vehicles_used": outturn.vehicles,
            "distance_km": outturn.distance * telling.distance,
            "duration_minutes": outturn.duration * telling.time,
            "changes": played.changes,
            "decisions": played.decisions,
            "longest_decision_seconds": played.longest_seconds,
        });
        policies.insert(policy.name().to_owned(), told);
    }
    let called_off = day.cancelled.iter().filter(|time| time.is_finite()).count();
    json!({ "dispatch": {
        "instance": day.problem.name,
        "orders": day.problem.visits.len(),
        "orders_of_the_day": day.arrives.iter().filter(|time| time.is_finite()).count(),
        "called_off": called_off,
        "vehicles": day.vehicles.len(),
        "policies": policies,
    } })
}

fn steps(day: &Day, runs: &[Run]) -> Rows {
    let problem = &day.problem;
    let mut rows: Vec<(&str, &str, &Step)> = Vec::new();
    for (policy, played, _) in runs {
        for (steps, &(kind, member)) in played.done.iter().zip(&day.vehicles) {
            rows.extend(steps.iter().map(|step| (policy.name(), problem.vehicle(kind, member), step)));
        }
    }
    let time = |of: fn(&Step) -> f64| rows.iter().map(move |(_, _, step)| problem.time(of(step)));
    let doing = |step: &Step| match step.doing {
        Doing::Load(_) => "load",
        Doing::Serve(_) => "serve",
        Doing::Rest(_) => "rest",
        Doing::Return => "return",
    };
    let visit = |step: &Step| match step.doing {
        Doing::Load(order) | Doing::Serve(order) => problem.visits[order].code.as_str(),
        Doing::Rest(_) | Doing::Return => "",
    };
    Rows::new("dispatch")
        .with_text("policy", rows.iter().map(|row| row.0))
        .with_text("vehicle", rows.iter().map(|row| row.1))
        .with_text("doing", rows.iter().map(|row| doing(row.2)))
        .with_text("visit", rows.iter().map(|row| visit(row.2)))
        .with_text("leave", time(|step| step.leave))
        .with_text("arrival", time(|step| step.arrival))
        .with_text("start", time(|step| step.start))
        .with_text("end", time(|step| step.end))
}

/// Orders that each policy left out, with the row that states them.
fn unserved(day: &Day, runs: &[Run]) -> Rows {
    let mut rows = Vec::new();
    for (policy, played, _) in runs {
        let served =
            |order: usize| played.done.iter().flatten().any(|step| step.doing == Doing::Serve(order));
        for (order, named) in day.problem.visits.iter().enumerate() {
            if served(order) {
                continue;
            }
            let reason = match (&named.flaw, day.cancelled[order].is_finite(), day.hopeless[order]) {
                (Some(flaw), ..) => flaw.as_str(),
                (None, true, _) => "called off",
                (None, false, true) => "its windows were over when it came",
                _ => "no vehicle had room and time for it, or it was not worth its way",
            };
            rows.push((policy.name(), named, reason));
        }
    }
    Rows::new("dispatch_unserved")
        .with_text("policy", rows.iter().map(|row| row.0))
        .with_text("visit", rows.iter().map(|row| row.1.code.as_str()))
        .with_text("file", rows.iter().map(|row| row.1.file.as_str()))
        .with_number("row", rows.iter().map(|row| row.1.row as f64))
        .with_text("reason", rows.iter().map(|row| row.2))
}

fn present(day: &Day, runs: &[Run]) -> Presentation {
    let problem = &day.problem;
    let mut told = Presentation::new(format!("{}: dispatch", problem.name));
    let came = day.arrives.iter().filter(|time| time.is_finite()).count();
    let orders = counted(problem.visits.len() as f64, "order");
    told.subtitle = format!(
        "{orders}, {came} of them during the day, for {}",
        counted(day.vehicles.len() as f64, "vehicle")
    );
    told.date = problem.clock.plan_date();
    told.style = problem.telling.style.clone();
    told.headline = headline(day, runs);
    if let Some((_, played, outturn)) = runs.iter().find(|run| run.0 == Policy::Rolling) {
        let whole = || Measure::number().with_decimals(0);
        let left = Figure::number("Left out", outturn.unserved as f64, whole());
        told.figures = vec![
            Figure::number("Cost of the day", outturn.cost(), problem.telling.cost.clone()),
            Figure::number("Orders served", outturn.served as f64, whole()),
            if outturn.unserved > 0 { left.with_tone(Tone::Warning) } else { left },
            Figure::number("Orders late", outturn.late as f64, whole()),
            Figure::number("Stops given to another driver", played.changes as f64, whole()),
            Figure::text("Check", "every rule is kept").with_tone(Tone::Good),
        ];
    }
    told.sections.push(
        Section::new("Ways to dispatch")
            .with_lead("The same day, planned anew at each entry of the log, by a rule, and knowing all orders from the begin.")
            .with(Block::Table(comparison(day, runs))),
    );
    told
}

fn headline(day: &Day, runs: &[Run]) -> Vec<String> {
    let telling = &day.problem.telling;
    let money = |cost: f64| telling.style.number(cost, &telling.cost);
    let of = |policy: Policy| runs.iter().find(|run| run.0 == policy).map(|run| &run.2);
    let mut sentences = Vec::new();
    if let Some(rolling) = of(Policy::Rolling) {
        let served = counted(rolling.served as f64, "order");
        sentences.push(format!(
            "Planned anew as orders come, the day serves {served} for {}.",
            money(rolling.cost())
        ));
        for (policy, name) in
            [(Policy::Nearest, "The nearest-vehicle rule"), (Policy::Foresight, "Perfect foresight")]
        {
            if let Some(other) = of(policy) {
                let served = counted(other.served as f64, "order");
                sentences.push(format!("{name} serves {served} for {}.", money(other.cost())));
            }
        }
    }
    sentences
}

fn comparison(day: &Day, runs: &[Run]) -> Table {
    let telling = &day.problem.telling;
    let whole = || Measure::number().with_decimals(0);
    let of = |value: fn(&Outturn) -> f64| runs.iter().map(move |run| value(&run.2));
    Table::new("Ways to dispatch")
        .with(Column::text("Way", runs.iter().map(|run| words(run.0))))
        .with(Column::number("Cost", of(Outturn::cost), telling.cost.clone()))
        .with(Column::number("Served", of(|one| one.served as f64), whole()))
        .with(Column::number("Left out", of(|one| one.unserved as f64), whole()))
        .with(Column::number("Late", of(|one| one.late as f64), whole()))
        .with(Column::number(
            "Lateness",
            of(|one| one.lateness).map(|time| time * telling.time),
            Measure::quantity("min").with_decimals(0),
        ))
        .with(Column::number(
            "Distance",
            of(|one| one.distance).map(|way| way * telling.distance),
            Measure::quantity("km").with_decimals(0),
        ))
        .with(Column::number("Vehicles", of(|one| one.vehicles as f64), whole()))
        .with(Column::number("Changed stops", runs.iter().map(|run| run.1.changes as f64), whole()))
        .with(Column::number(
            "Longest decision",
            runs.iter().map(|run| run.1.longest_seconds),
            Measure::quantity("s").with_decimals(2),
        ))
}
