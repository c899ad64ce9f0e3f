//! How fast each arc is from a departure on: the usual of a travel log, moved
//! by what is seen now; what traffic rows state in its place; weather on top.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::moment::{DAY, Moment, day_and_second};
use crate::optimize::paths::{Point, Profiles, RoadMap, Stretch, travel_times};
use crate::predict::travel::{Residuals, TravelTimes};

/// Which arcs a row speaks of: all that fit what it names.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Places in the input, where the row names both ends.
    pub arcs: Option<Vec<u32>>,
    pub class: Option<u32>,
    pub area: Option<u32>,
}

/// What a row says of its arcs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pace {
    /// Times the travel time of the map; infinite: closed.
    Factor(f64),
    /// Metres a second.
    Speed(f64),
}

/// A row of the traffic or the weather table.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub scope: Scope,
    pub start: Moment,
    pub until: Moment,
    pub pace: Pace,
}

impl Statement {
    fn holds(&self, moment: f64) -> bool {
        self.start.holds(self.until, moment)
    }

    fn is_about(&self, map: &RoadMap, arc: u32) -> bool {
        let Scope { class, area, .. } = self.scope;
        class.is_none_or(|class| map.classes.of(arc) == class)
            && area.is_none_or(|area| map.areas.of(arc) == area)
    }

    fn factor(&self, map: &RoadMap, arc: u32, base: f64) -> f64 {
        match self.pace {
            Pace::Factor(factor) => factor,
            Pace::Speed(speed) => map.metres[arc as usize] / speed / base,
        }
    }
}

/// Rows of one table, those that name an arc found by it.
#[derive(Debug, Clone, Default)]
pub(super) struct Statements {
    of_arc: HashMap<u32, Vec<u32>>,
    /// Rows that name no arc and hold on these days only.
    of_day: HashMap<i32, Vec<u32>>,
    /// All others that name no arc.
    always: Vec<u32>,
    rows: Vec<Statement>,
}

/// Days under each of which a row is put; one that holds for more of them is looked at always.
const INDEXED_DAYS: i32 = 31;

impl Statements {
    pub fn new(rows: Vec<Statement>) -> Self {
        let mut statements = Statements { rows, ..Statements::default() };
        for (at, row) in statements.rows.iter().enumerate() {
            match &row.scope.arcs {
                Some(arcs) => {
                    arcs.iter().for_each(|&arc| statements.of_arc.entry(arc).or_default().push(at as u32));
                }
                None => match days_of(row) {
                    Some(days) => {
                        days.for_each(|day| statements.of_day.entry(day).or_default().push(at as u32));
                    }
                    None => statements.always.push(at as u32),
                },
            }
        }
        statements
    }

    /// Rows about an arc that may hold between two moments at most a day apart.
    fn about<'a>(
        &'a self,
        map: &'a RoadMap,
        arc: u32,
        [from, until]: [f64; 2],
    ) -> impl Iterator<Item = &'a Statement> {
        let [first, last] = [from, until].map(|moment| day_and_second(moment).0);
        let on = |day: i32| self.of_day.get(&day).map_or(&[][..], Vec::as_slice).iter();
        // A row that holds on both days is met on the first.
        let met =
            move |at: &&u32| days_of(&self.rows[**at as usize]).is_some_and(|days| days.contains(&first));
        let second = if last > first { on(last) } else { [].iter() };
        let own = self.of_arc.get(&arc).map_or(&[][..], Vec::as_slice).iter();
        let all = own.chain(&self.always).chain(on(first)).chain(second.filter(move |at| !met(at)));
        all.map(|&at| &self.rows[at as usize]).filter(move |row| row.is_about(map, arc))
    }

    /// Rows about an arc that hold at a moment.
    fn at<'a>(&'a self, map: &'a RoadMap, arc: u32, moment: f64) -> impl Iterator<Item = &'a Statement> {
        self.about(map, arc, [moment; 2]).filter(move |row| row.holds(moment))
    }

    /// Product of the factors that hold for an arc.
    pub fn product(&self, map: &RoadMap, arc: u32, moment: f64) -> f64 {
        self.at(map, arc, moment).map(|row| row.factor(map, arc, 1.0)).product()
    }
}

/// Days on which a row holds, where it names a few of them.
fn days_of(row: &Statement) -> Option<RangeInclusive<i32>> {
    let (Moment::Dated(start), Moment::Dated(until)) = (row.start, row.until) else { return None };
    let [first, last] = [start, until].map(|moment| day_and_second(moment).0);
    (last.saturating_sub(first) < INDEXED_DAYS).then_some(first..=last)
}

/// The usual of a travel log, and how today differs.
#[derive(Debug, Clone)]
pub(super) struct Usual {
    pub model: Arc<TravelTimes>,
    pub residuals: Arc<Residuals>,
    /// Midnight of the residuals' day.
    pub midnight: f64,
}

impl Usual {
    /// The usual, with nothing seen of today.
    pub fn new(model: TravelTimes) -> Self {
        Usual { model: Arc::new(model), residuals: Arc::default(), midnight: 0.0 }
    }
}

/// Everything that bears on the arcs from a departure on, for a day.
#[derive(Debug, Clone, Default)]
pub(super) struct Paces {
    /// Moment at which the day begins.
    pub origin: f64,
    pub usual: Option<Usual>,
    pub traffic: Arc<Statements>,
    pub weather: Arc<Statements>,
}

/// Seconds that an arc takes at least on a day on which it is closed: a closed arc is passed a
/// hundred million times slower, and nobody may be through within a day.
const SHORTEST: f64 = 1e-3;

/// Travel times of an arc.
enum Times {
    AsTheMap,
    Closed,
    Varying(Vec<Point>),
}

impl Paces {
    /// Travel times of all arcs, `deviations` standard deviations above the median.
    pub fn profiles(&self, map: &RoadMap, deviations: f64) -> Result<Profiles, String> {
        let mut weights = map.graph.weights();
        let mut of_arc = vec![Vec::new(); weights.len()];
        for arc in 0..weights.len() {
            match self.times(map, arc as u32, weights[arc], deviations) {
                Times::AsTheMap => {}
                Times::Closed => weights[arc] = f64::INFINITY,
                Times::Varying(points) => of_arc[arc] = points,
            }
        }
        let mut graph = map.graph.clone();
        graph.set_weights(&weights).map_err(|error| error.to_string())?;
        Profiles::new(&graph, DAY, &of_arc).map_err(|error| error.to_string())
    }

    /// Seconds for the arcs at `positions` one after the other, leaving at `seconds` after the origin.
    pub fn drive(&self, map: &RoadMap, positions: &[u32], seconds: f64, deviations: f64) -> f64 {
        let mut passed = 0.0;
        for &position in positions {
            let arc = map.graph.input_of(position as usize);
            let base = map.graph.weight(position as usize);
            passed += match self.times(map, arc, base, deviations) {
                Times::AsTheMap => base,
                Times::Closed => f64::INFINITY,
                Times::Varying(points) => Profiles::between(&points, DAY, seconds + passed, base),
            };
        }
        passed
    }

    fn times(&self, map: &RoadMap, arc: u32, base: f64, deviations: f64) -> Times {
        let day = [self.origin, self.origin + DAY];
        let rows = || self.traffic.about(map, arc, day).chain(self.weather.about(map, arc, day));
        let is_closed = |row: &Statement| row.pace == Pace::Factor(f64::INFINITY);
        let may_close = rows().any(is_closed);
        if base.is_infinite() || (base == 0.0 && !may_close) {
            return Times::AsTheMap;
        }
        let base = if may_close { base.max(SHORTEST) } else { base };
        let mut cuts = vec![0.0];
        if let Some(usual) = &self.usual {
            let slots = usual.model.slots();
            let second = day_and_second(self.origin).1;
            let bounds = (0..slots).map(|slot| slot as f64 * DAY / slots as f64);
            cuts.extend(bounds.map(|bound| (bound - second).rem_euclid(DAY)));
        }
        let ends = rows().flat_map(|row| [row.start.after(self.origin), row.until.after(self.origin)]);
        cuts.extend(ends.filter(|at| (0.0..DAY).contains(at)));
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let mut stretches: Vec<Stretch> = Vec::with_capacity(cuts.len());
        for start in cuts {
            let factor = self.factor(map, arc, base, self.origin + start, deviations);
            if stretches.last().is_none_or(|last| last.factor != factor) {
                stretches.push(Stretch { start, factor });
            }
        }
        match stretches.as_slice() {
            [Stretch { factor: 1.0, .. }] => Times::AsTheMap,
            [Stretch { factor, .. }] if factor.is_infinite() => Times::Closed,
            _ => Times::Varying(travel_times(base, &stretches, DAY)),
        }
    }

    /// Times the travel time of the map, at a moment.
    fn factor(&self, map: &RoadMap, arc: u32, base: f64, moment: f64, deviations: f64) -> f64 {
        let weather = self.weather.product(map, arc, moment);
        let stated = self.traffic.at(map, arc, moment);
        let slowest = stated.map(|row| row.factor(map, arc, base)).reduce(f64::max);
        let Some(usual) = &self.usual else { return slowest.unwrap_or(1.0) * weather };
        let weather = weather.powf(usual.model.exponent());
        let (day, second) = day_and_second(moment);
        let seen = usual.model.above_usual(&usual.residuals, arc, moment - usual.midnight);
        let expected = || usual.model.ratio(arc, day.rem_euclid(7) as usize, second, deviations) * seen.exp();
        slowest.unwrap_or_else(expected) * weather
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// From 0 over 1 to 2, the second arc taking no time.
    fn map() -> RoadMap {
        RoadMap::parse("p sp 3 2\na 1 2 10\na 2 3 0\n", None).unwrap()
    }

    fn row(arcs: Option<Vec<u32>>, start: Moment, until: Moment, pace: Pace) -> Statement {
        Statement { scope: Scope { arcs, ..Scope::default() }, start, until, pace }
    }

    #[test]
    fn an_arc_of_no_time_is_closed_and_open_again() {
        let map = map();
        let closed =
            row(Some(vec![1]), Moment::Daily(43_200.0), Moment::Daily(50_400.0), Pace::Factor(f64::INFINITY));
        let paces = Paces { traffic: Arc::new(Statements::new(vec![closed])), ..Paces::default() };
        let drive = |seconds: f64| paces.drive(&map, &[0, 1], seconds, 0.0);
        assert!((drive(0.0) - 10.0).abs() < 0.2, "{}", drive(0.0));
        assert!((drive(45_000.0) - 5_400.0).abs() < 1.0, "{}", drive(45_000.0));
        assert!((drive(60_000.0) - 10.0).abs() < 0.2, "{}", drive(60_000.0));
    }

    #[test]
    fn rows_are_found_by_their_day() {
        let map = map();
        let day = |number: i32| f64::from(number) * DAY;
        let dated = |from: f64, until: f64, factor: f64| {
            row(None, Moment::Dated(from), Moment::Dated(until), Pace::Factor(factor))
        };
        let rows = vec![
            dated(day(3), day(4) + 3_600.0, 2.0),
            dated(day(0), day(400), 3.0),
            row(None, Moment::Daily(0.0), Moment::Daily(7_200.0), Pace::Factor(5.0)),
            dated(day(9), day(10), 7.0),
        ];
        let all = Statements::new(rows.clone());
        for moment in (0..12 * 48).map(|slot| f64::from(slot) * 1_800.0) {
            let known: f64 =
                rows.iter().filter(|row| row.holds(moment)).map(|row| row.factor(&map, 0, 1.0)).product();
            assert_eq!(all.product(&map, 0, moment), known, "{moment}");
            let day_on = [moment, moment + DAY];
            let about = all.about(&map, 0, day_on).count();
            let meets = |row: &&Statement| match (row.start, row.until) {
                (Moment::Dated(from), Moment::Dated(until)) => from <= day_on[1] && until >= day_on[0],
                _ => true,
            };
            assert!(about >= rows.iter().filter(meets).count() && about <= rows.len(), "{moment} {about}");
        }
    }
}
