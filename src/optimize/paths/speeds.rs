//! Given how much slower an arc is in each stretch of time, find its travel
//! time by departure.
//!
//! Method: who is on the arc when a stretch ends goes on at the pace of the
//! next one (Ichoua, Gendreau and Potvin 2003, doi:10.1016/S0377-2217(02)00147-9),
//! so nobody is ever overtaken by who starts later. The travel time is then
//! linear between the departures at which a stretch begins and those whose
//! arrival falls on one.
//! Cost: O(s log s) for s stretches.
//! Same input gives the same answer: yes.

use super::time_dependent::Point;

/// A stretch of time, until the next one starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Start, 0 or more and below the period.
    pub start: f64,
    /// Times the base travel time, above 0; infinite: closed.
    pub factor: f64,
}

/// Above this an arc counts as closed: who waits there goes on when it opens.
const CLOSED: f64 = 1e8;

/// Progress along an arc over a period, in base travel time.
struct Progress {
    period: f64,
    /// Start of each stretch, and the progress made by then; the period and its whole at the end.
    at: Vec<(f64, f64)>,
}

/// Travel times of an arc of `base` 0 or more by departure. `stretches` rise, the first starts at 0,
/// and they repeat after `period`; neighbours of one factor are one stretch.
///
/// ```
/// use purvey::optimize::paths::{Stretch, travel_times};
/// let rush = [Stretch { start: 0.0, factor: 1.0 }, Stretch { start: 50.0, factor: 2.0 }];
/// let points = travel_times(10.0, &rush, 100.0);
/// // Who starts at 45 goes half the way at full pace and half at half.
/// assert_eq!((points[1].departure, points[1].travel), (40.0, 10.0));
/// assert_eq!((points[2].departure, points[2].travel), (50.0, 20.0));
/// ```
#[must_use]
pub fn travel_times(base: f64, stretches: &[Stretch], period: f64) -> Vec<Point> {
    let progress = Progress::new(stretches, period);
    let mut departures: Vec<f64> = Vec::with_capacity(2 * stretches.len());
    for &(start, made) in &progress.at[..stretches.len()] {
        departures.push(start);
        departures.push(progress.time_of(made - base).rem_euclid(period));
    }
    departures.sort_by(f64::total_cmp);
    departures.dedup_by(|later, earlier| *later - *earlier <= 1e-9 * period);
    departures
        .into_iter()
        .filter(|&departure| departure < period)
        .map(|departure| {
            let arrival = progress.time_of(progress.made(departure) + base);
            Point { departure, travel: (arrival - departure).max(0.0) }
        })
        .collect()
}

impl Progress {
    fn new(stretches: &[Stretch], period: f64) -> Self {
        let mut at = Vec::with_capacity(stretches.len() + 1);
        let mut made = 0.0;
        for (place, stretch) in stretches.iter().enumerate() {
            at.push((stretch.start, made));
            let end = stretches.get(place + 1).map_or(period, |next| next.start);
            made += (end - stretch.start) / stretch.factor.min(CLOSED);
        }
        at.push((period, made));
        Progress { period, at }
    }

    fn whole(&self) -> f64 {
        self.at[self.at.len() - 1].1
    }

    /// Progress made by `time`, which lies in the period.
    fn made(&self, time: f64) -> f64 {
        between(&self.at, time, |&(time, made)| (time, made))
    }

    /// Time by which `made` is reached, in the period before or after where it lies there.
    fn time_of(&self, made: f64) -> f64 {
        let periods = (made / self.whole()).floor();
        let rest = made - periods * self.whole();
        periods * self.period + between(&self.at, rest, |&(time, made)| (made, time))
    }
}

/// The value at `x` on the line through points that rise.
fn between(points: &[(f64, f64)], x: f64, of: impl Fn(&(f64, f64)) -> (f64, f64)) -> f64 {
    let after = points.partition_point(|point| of(point).0 <= x).clamp(1, points.len() - 1);
    let ((x0, y0), (x1, y1)) = (of(&points[after - 1]), of(&points[after]));
    y0 + (x - x0) / (x1 - x0) * (y1 - y0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::optimize::paths::{Arc, Graph, Profiles};
    use proptest::prelude::*;

    /// Drives second by thousandth of a second.
    fn driven(base: f64, stretches: &[Stretch], period: f64, departure: f64) -> f64 {
        let step = 1e-3;
        let (mut time, mut made) = (departure, 0.0);
        while made < base {
            let at = time.rem_euclid(period);
            let stretch = stretches.iter().rev().find(|stretch| stretch.start <= at).unwrap();
            made += step / stretch.factor;
            time += step;
        }
        time - departure
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        #[test]
        fn driving_takes_as_long(
            base in 0.1..60.0_f64,
            factors in proptest::collection::vec(0.5..5.0_f64, 1..5),
            departure in 0.0..100.0_f64,
        ) {
            let width = 100.0 / factors.len() as f64;
            let stretches: Vec<Stretch> = factors
                .iter()
                .enumerate()
                .map(|(at, &factor)| Stretch { start: at as f64 * width, factor })
                .collect();
            let graph = Graph::new(2, &[Arc::new(0, 1, base)]).unwrap();
            let profiles = Profiles::new(&graph, 100.0, &[travel_times(base, &stretches, 100.0)]).unwrap();
            let found = profiles.travel(0, departure);
            prop_assert!((found - driven(base, &stretches, 100.0, departure)).abs() < 0.01);
        }
    }

    #[test]
    fn who_meets_a_closed_arc_waits_until_it_opens() {
        let stretches = [(0.0, 1.0), (20.0, f64::INFINITY), (60.0, 1.0)];
        let stretches = stretches.map(|(start, factor)| Stretch { start, factor });
        let points = travel_times(10.0, &stretches, 100.0);
        let graph = Graph::new(2, &[Arc::new(0, 1, 10.0)]).unwrap();
        let profiles = Profiles::new(&graph, 100.0, &[points]).unwrap();
        let travel = |time| profiles.travel(0, time);
        assert!((travel(5.0) - 10.0).abs() < 1e-3);
        assert!((travel(15.0) - 50.0).abs() < 1e-3, "{}", travel(15.0));
        assert!((travel(40.0) - 30.0).abs() < 1e-3);
    }
}
