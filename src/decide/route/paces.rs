//! How fast each arc is from a departure on: the usual of a travel log, moved
//! by what is seen now; what traffic rows state in its place; weather on top.

use std::collections::HashMap;
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
    general: Vec<u32>,
    rows: Vec<Statement>,
}

impl Statements {
    pub fn new(rows: Vec<Statement>) -> Self {
        let mut statements = Statements { rows, ..Statements::default() };
        for (at, row) in statements.rows.iter().enumerate() {
            match &row.scope.arcs {
                Some(arcs) => {
                    arcs.iter().for_each(|&arc| statements.of_arc.entry(arc).or_default().push(at as u32));
                }
                None => statements.general.push(at as u32),
            }
        }
        statements
    }

    pub fn about<'a>(&'a self, map: &'a RoadMap, arc: u32) -> impl Iterator<Item = &'a Statement> {
        let own = self.of_arc.get(&arc).map_or(&[][..], Vec::as_slice);
        let rows = own.iter().chain(&self.general).map(|&at| &self.rows[at as usize]);
        rows.filter(move |row| row.is_about(map, arc))
    }

    /// Product of the factors that hold for an arc.
    pub fn product(&self, map: &RoadMap, arc: u32, moment: f64) -> f64 {
        self.about(map, arc).filter(|row| row.holds(moment)).map(|row| row.factor(map, arc, 1.0)).product()
    }
}

/// The usual of a travel log, and how today differs.
#[derive(Debug, Clone)]
pub(super) struct Usual {
    pub model: Arc<TravelTimes>,
    pub residuals: Residuals,
    /// Midnight of the residuals' day.
    pub midnight: f64,
}

impl Usual {
    /// The usual, with nothing seen of today.
    pub fn new(model: TravelTimes) -> Self {
        Usual { model: Arc::new(model), residuals: Residuals::default(), midnight: 0.0 }
    }
}

/// Everything that bears on the arcs from a departure on, for a day.
#[derive(Debug, Clone, Default)]
pub(super) struct Paces {
    /// Moment at which the day begins.
    pub origin: f64,
    pub usual: Option<Usual>,
    pub traffic: Statements,
    pub weather: Statements,
}

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
        if !(base > 0.0 && base.is_finite()) {
            return Times::AsTheMap;
        }
        let mut cuts = vec![0.0];
        if let Some(usual) = &self.usual {
            let slots = usual.model.slots();
            let second = day_and_second(self.origin).1;
            let bounds = (0..slots).map(|slot| slot as f64 * DAY / slots as f64);
            cuts.extend(bounds.map(|bound| (bound - second).rem_euclid(DAY)));
        }
        let rows = self.traffic.about(map, arc).chain(self.weather.about(map, arc));
        let ends = rows.flat_map(|row| [row.start.after(self.origin), row.until.after(self.origin)]);
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
        let stated = self.traffic.about(map, arc).filter(|row| row.holds(moment));
        let slowest = stated.map(|row| row.factor(map, arc, base)).reduce(f64::max);
        let Some(usual) = &self.usual else { return slowest.unwrap_or(1.0) * weather };
        let weather = weather.powf(usual.model.exponent());
        let (day, second) = day_and_second(moment);
        let seen = usual.model.above_usual(&usual.residuals, arc, moment - usual.midnight);
        let expected = || usual.model.ratio(arc, day.rem_euclid(7) as usize, second, deviations) * seen.exp();
        slowest.unwrap_or_else(expected) * weather
    }
}
