//! Given travel times that change over the day, find the path that arrives
//! earliest for a departure.
//!
//! Method: Dijkstra and A* on arrival times (Dreyfus 1969,
//! doi:10.1287/opre.17.3.395), exact where nobody arrives earlier by starting
//! later (first in, first out); travel times are piecewise linear and repeat
//! after a period. For A* the least travel time of each arc over the day gives
//! the bounds.
//! Cost: as Dijkstra, times the logarithm of the points of an arc; memory O(points).
//! Not for: waiting that pays; it never does under first in, first out.
//! Same input gives the same answer: yes.

use rayon::prelude::*;
use thiserror::Error;

use super::dijkstra::{Dijkstra, Path};
use super::graph::{Graph, GraphError};
use super::potential::Potential;
use super::queue::{QuaternaryHeap, Queue};

/// What is wrong with the travel times of an arc.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The period is no time.
    #[error("the period is {period}: wanted a number above 0")]
    BadPeriod {
        /// The period.
        period: f64,
    },
    /// A point outside the period, or not after the one before.
    #[error("departure {departure} of arc {arc} is out of order: departures rise from 0 to below {period}")]
    Unordered {
        /// Place of the arc in the input.
        arc: usize,
        /// Departure.
        departure: f64,
        /// Period.
        period: f64,
    },
    /// Who starts later would arrive earlier.
    #[error(
        "on arc {arc} who starts at {departure} is overtaken by who starts later: the travel time falls faster than time passes; smooth it"
    )]
    Overtaking {
        /// Place of the arc in the input.
        arc: usize,
        /// Departure from which it happens.
        departure: f64,
    },
    /// A travel time below 0, or the wrong number of arcs.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// Travel time of one arc at a departure, in the units of the graph's weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Departure, 0 or more and below the period.
    pub departure: f64,
    /// Travel time, 0 or more.
    pub travel: f64,
}

/// Travel times of all arcs over a period.
#[derive(Debug, Clone)]
pub struct Profiles {
    period: f64,
    first: Vec<u32>,
    points: Vec<Point>,
    /// The graph with the least travel time of each arc.
    least: Graph,
}

impl Profiles {
    /// `of_arc` holds the points of each arc in the order of the input; an arc
    /// without points keeps its weight all day.
    ///
    /// # Errors
    /// [`ProfileError`] naming the arc.
    pub fn new(graph: &Graph, period: f64, of_arc: &[Vec<Point>]) -> Result<Self, ProfileError> {
        if !(period > 0.0 && period.is_finite()) {
            return Err(ProfileError::BadPeriod { period });
        }
        if of_arc.len() != graph.arcs() {
            let (found, expected) = (of_arc.len(), graph.arcs());
            return Err(GraphError::WrongLength { found, expected }.into());
        }
        let mut weights = graph.weights();
        for (arc, points) in of_arc.iter().enumerate().filter(|(_, points)| !points.is_empty()) {
            check(arc, period, points)?;
            weights[arc] = points.iter().map(|point| point.travel).fold(f64::INFINITY, f64::min);
        }
        let mut least = graph.clone();
        least.set_weights(&weights)?;
        let mut profiles = Profiles { period, first: vec![0], points: Vec::new(), least };
        for position in 0..graph.arcs() {
            profiles.points.extend_from_slice(&of_arc[graph.input_of(position) as usize]);
            profiles.first.push(profiles.points.len() as u32);
        }
        Ok(profiles)
    }

    /// The graph with the least travel time of each arc: the base of lower bounds.
    #[must_use]
    pub fn least(&self) -> &Graph {
        &self.least
    }

    /// The graph with the travel times of a departure at `time`, for methods with constant weights.
    #[must_use]
    pub fn at(&self, time: f64) -> Graph {
        self.least.reweighted(|position| self.travel(position, time))
    }

    /// Travel time of the arc at `position` for a departure at `time`.
    #[must_use]
    pub fn travel(&self, position: usize, time: f64) -> f64 {
        let points = &self.points[self.first[position] as usize..self.first[position + 1] as usize];
        Self::between(points, self.period, time, self.least.weight(position))
    }

    /// Travel time over the arcs at `positions`, one after the other, for a departure at `time`.
    #[must_use]
    pub fn along(&self, positions: &[u32], time: f64) -> f64 {
        positions.iter().fold(0.0, |passed, &at| passed + self.travel(at as usize, time + passed))
    }

    /// Travel time at `time` between points that repeat after `period`; `constant` where there are none.
    #[must_use]
    pub fn between(points: &[Point], period: f64, time: f64, constant: f64) -> f64 {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return constant };
        let time = time.rem_euclid(period);
        let after = points.partition_point(|point| point.departure <= time);
        let (before, next) = match (after.checked_sub(1), points.get(after)) {
            (Some(before), Some(next)) => (points[before], *next),
            (None, Some(next)) => (Point { departure: last.departure - period, ..*last }, *next),
            (_, None) => (*last, Point { departure: first.departure + period, ..*first }),
        };
        let share = (time - before.departure) / (next.departure - before.departure);
        before.travel + share * (next.travel - before.travel)
    }

    /// The path that arrives earliest when leaving `from` at `departure`; its
    /// distance is the travel time.
    pub fn path<Q: Queue>(&self, search: &mut Dijkstra<Q>, from: u32, to: u32, departure: f64) -> Path {
        let weight = |arc: usize, passed: f64| self.travel(arc, departure + passed);
        search.run(&self.least, from, &|_| 0.0, &weight, |node| node == to);
        search.unpacked(to)
    }

    /// The same, led by lower bounds made on [`Profiles::least`].
    pub fn guided(
        &self,
        search: &mut Dijkstra<QuaternaryHeap>,
        from: u32,
        to: u32,
        departure: f64,
        potential: &impl Potential,
    ) -> Path {
        let weight = |arc: usize, passed: f64| self.travel(arc, departure + passed);
        search.run(&self.least, from, &potential.towards(to), &weight, |node| node == to);
        search.unpacked(to)
    }

    /// Travel times by departure, source and target:
    /// `result[(d * sources + s) * targets + t]`, infinite where there is no path.
    #[must_use]
    pub fn matrix(&self, departures: &[f64], sources: &[u32], targets: &[u32]) -> Vec<f64> {
        let questions: Vec<(f64, u32)> = departures
            .iter()
            .flat_map(|&departure| sources.iter().map(move |&source| (departure, source)))
            .collect();
        let rows: Vec<Vec<f64>> = questions
            .par_iter()
            .map_init(
                || Dijkstra::<QuaternaryHeap>::new(&self.least),
                |search, &(departure, source)| {
                    let weight = |arc: usize, passed: f64| self.travel(arc, departure + passed);
                    search.towards(&self.least, source, targets, &weight)
                },
            )
            .collect();
        rows.concat()
    }
}

fn check(arc: usize, period: f64, points: &[Point]) -> Result<(), ProfileError> {
    let mut before = -1.0;
    for &Point { departure, travel } in points {
        if !(departure > before && departure >= 0.0 && departure < period) {
            return Err(ProfileError::Unordered { arc, departure, period });
        }
        if !(travel >= 0.0 && travel.is_finite()) {
            return Err(GraphError::BadWeight { arc, weight: travel }.into());
        }
        before = departure;
    }
    let arrivals = |shift: f64| points.iter().map(move |p| (p.departure, p.departure + shift + p.travel));
    let again: Vec<(f64, f64)> = arrivals(0.0).chain(arrivals(period).take(1)).collect();
    match again.windows(2).find(|two| two[1].1 < two[0].1 - 1e-9 * two[0].1.abs()) {
        Some(two) => Err(ProfileError::Overtaking { arc, departure: two[0].0 }),
        None => Ok(()),
    }
}
