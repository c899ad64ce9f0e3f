//! What travel times learned from a log are worth: trips foreseen, and ways
//! planned on the forecast and driven on what happened.

use std::sync::Arc;

use super::TENTH;
use super::departure::{Conditions, read_statements};
use super::moment::{Moment, day_and_second, shown};
use super::paces::{Paces, Statements, Usual};
use super::trips::{self, Journey};
use crate::control::Control;
use crate::data::{Code, Fault, Faults};
use crate::optimize::paths::{Dijkstra, Path, Profiles, QuaternaryHeap, RoadMap};
use crate::predict::travel::Residuals;

/// Ways planned at most; the log's later trips are thinned evenly to so many.
const WAYS: usize = 1_000;
/// Seconds between two looks at what vehicles report.
const LOOK: f64 = 900.0;

/// A log's later trips against what its earlier ones foresaw.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// First moment that was not known.
    pub from: String,
    /// Trips that were foreseen.
    pub trips: usize,
    /// Sum of absolute errors over the sum of travel times: with the times of
    /// the map, with the usual of weekday and hour, and with reports of the day as well.
    pub error: [f64; 3],
    /// Share of trips between the 10 and 90 % quantiles.
    pub coverage: f64,
    /// Ways that were planned and driven.
    pub ways: usize,
    /// Mean seconds driven: planned on the times of the map, on the forecast,
    /// and with all that happened known.
    pub driven: [f64; 3],
    /// Rows of the log that count for nothing, and why, in sentences.
    pub notices: Vec<String>,
}

/// Fits on the trips that ended before `from`, foresees those that began later, each at its departure, and
/// drives the ways planned for them on the travel times of the later trips.
///
/// # Errors
/// Every fault of the tables at once; a `from` before or after all trips.
pub fn judge(
    map: &RoadMap,
    conditions: &Conditions,
    from: &str,
    control: &Control,
) -> Result<Judged, Faults> {
    let option = |text: String, help: &str| {
        Faults::from(Fault::error(Code::NotADate, "--judge-from", text).with_help(help))
    };
    let start = Moment::parse(from).or_else(|| Moment::parse(&format!("{from} 00:00")));
    let Some(Moment::Dated(start)) = start else {
        return Err(option(format!("\"{from}\" is no date"), "write 2026-11-25"));
    };
    let Some(log) = &conditions.travel_log else {
        return Err(option("there is no travel log to judge by".to_owned(), "give --travel-log"));
    };
    let weather = Arc::new(read_statements(map, conditions.weather.as_ref())?);
    let log = trips::journeys(map, log)?;
    let notices = log.notices();
    let (past, later): (Vec<_>, Vec<_>) =
        log.journeys.into_iter().partition(|journey| journey.departure < start);
    if past.is_empty() || later.is_empty() {
        let text = format!("no trips before, or none from {} on", shown(start));
        return Err(option(text, "take a day within the log"));
    }
    let known: Vec<Journey> = past.into_iter().filter(|journey| journey.arrival() <= start).collect();
    let before = Usual::new(trips::fit(map, &known, &weather));
    let judge = Judge { map, weather, before };
    control.install(|| {
        let (error, coverage) = judge.foresee(&later, control);
        let (ways, driven) = judge.drive(&later)?;
        Ok(Judged { from: shown(start), trips: later.len(), error, coverage, ways, driven, notices })
    })
}

struct Judge<'a> {
    map: &'a RoadMap,
    weather: Arc<Statements>,
    /// The usual before the first trip that is foreseen.
    before: Usual,
}

impl Judge<'_> {
    /// Errors of three forecasts, and the share of trips within the quantiles.
    fn foresee(&self, later: &[Journey], control: &Control) -> ([f64; 3], f64) {
        let (mut errors, mut sum, mut inside) = ([0.0; 3], 0.0, 0_usize);
        let mut live = self.before.clone();
        let mut looked = f64::NEG_INFINITY;
        for (at, journey) in later.iter().enumerate() {
            if (journey.departure / LOOK).floor() > (looked / LOOK).floor() {
                looked = journey.departure;
                live.residuals = self.residuals(&later[..at], looked).into();
                live.midnight = looked - day_and_second(looked).1;
                control.step("trips", at, later.len());
            }
            let forecast = |usual: &Usual, deviations: f64| {
                self.paces(usual, journey.departure).drive(self.map, &journey.way, 0.0, deviations)
            };
            let expected = [journey.base, forecast(&self.before, 0.0), forecast(&live, 0.0)];
            errors
                .iter_mut()
                .zip(expected)
                .for_each(|(error, time)| *error += (time - journey.seconds).abs());
            sum += journey.seconds;
            let within = forecast(&self.before, -TENTH)..=forecast(&self.before, TENTH);
            inside += usize::from(within.contains(&journey.seconds));
        }
        (errors.map(|error| error / sum), inside as f64 / later.len() as f64)
    }

    /// What trips of the day that had ended by `moment` say of it.
    fn residuals(&self, before: &[Journey], moment: f64) -> Residuals {
        let (day, second) = day_and_second(moment);
        let first = before.partition_point(|journey| journey.departure < moment - second);
        let ended: Vec<Journey> =
            before[first..].iter().filter(|journey| journey.arrival() <= moment).cloned().collect();
        self.before.model.residuals(&trips::trips(self.map, &ended, &self.weather), day, second)
    }

    fn paces(&self, usual: &Usual, origin: f64) -> Paces {
        Paces { origin, usual: Some(usual.clone()), weather: self.weather.clone(), ..Paces::default() }
    }

    /// Ways planned on three kinds of knowledge and driven on the usual of the later trips.
    fn drive(&self, later: &[Journey]) -> Result<(usize, [f64; 3]), Faults> {
        let after = Usual::new(trips::fit(self.map, later, &self.weather));
        let step = later.len().div_ceil(WAYS);
        let mut search = Dijkstra::<QuaternaryHeap>::new(&self.map.graph);
        let mut of_weekday: Vec<Option<[Profiles; 2]>> = vec![None; 7];
        let (mut ways, mut driven) = (0, [0.0; 3]);
        for journey in later.iter().step_by(step) {
            let (day, second) = day_and_second(journey.departure);
            let slot = &mut of_weekday[day.rem_euclid(7) as usize];
            if slot.is_none() {
                let midnight = journey.departure - second;
                let profiles = |usual: &Usual| {
                    let paces = Paces { origin: midnight, usual: Some(usual.clone()), ..Paces::default() };
                    paces
                        .profiles(self.map, 0.0)
                        .map_err(|text| Faults::from(Fault::error(Code::Contradiction, "--travel-log", text)))
                };
                *slot = Some([profiles(&self.before)?, profiles(&after)?]);
            }
            let Some([forecast, happened]) = slot else { continue };
            let (from, to) = journey.ends;
            let planned: [Path; 3] = [
                search.path(&self.map.graph, from, to),
                forecast.path(&mut search, from, to, second),
                happened.path(&mut search, from, to, second),
            ];
            for (sum, path) in driven.iter_mut().zip(&planned) {
                *sum += happened.along(&path.arcs, second);
            }
            ways += 1;
        }
        Ok((ways, driven.map(|sum| sum / ways as f64)))
    }
}
