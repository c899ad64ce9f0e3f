//! Where a route could take in a visit: a bound for each gap that no walk through it can beat.
//!
//! **Problem.** Of all places between the stops of a route, find those where a visit, or a pickup and
//! its delivery, may break no rule, without walking the route for each.
//! **Method.** What is aboard, the earliest departure before a gap and the latest arrival after it are
//! kept for every gap, as in Savelsbergh (1992), "The vehicle routing problem with time windows:
//! minimizing route duration", doi:10.1287/ijoc.4.2.146. Rests, and gaps between the windows of a visit,
//! are left out of the times, so that they are bounds: what they refuse breaks a rule, and what they
//! let pass is walked by the check itself.
//! **Cost.** O(stops) time and memory to prepare a route, constant time for a visit in a gap.
//! **Not for** prices: only the walk prices a route. **Determinism.** No randomness.

use super::super::plan::PlanRoute;
use super::super::problem::Problem;
use super::{SLACK, Walked, loads};
use crate::optimize::routes::{Profile, VehicleType, Visit};

/// Room for the rounding of sums of times and lengths; far above [`SLACK`], far below what matters.
const TOLERANCE: f64 = 1e3 * SLACK;

/// A route with what is needed to refuse most ways to put a visit into it.
pub(super) struct Gaps<'a> {
    problem: &'a Problem,
    kind: &'a VehicleType,
    profile: &'a Profile,
    trips: Vec<TripGaps>,
    /// Its cost, its length and its time from start to end, as it is.
    before: Base,
    /// Time at work: driving, set-up, service and loading.
    busy: f64,
    /// Whether ways take the same time at all hours, so that times are bounds.
    is_timed: bool,
}

/// What a route comes to.
#[derive(Clone, Copy)]
pub(super) struct Base {
    pub cost: f64,
    pub lateness_cost: f64,
    pub distance: f64,
    pub duration: f64,
}

struct TripGaps {
    gaps: Vec<Gap>,
    visits: Vec<usize>,
    /// Most aboard up to each gap, and from it on, in each dimension.
    up_to: Vec<f64>,
    from: Vec<f64>,
}

/// The way between two points of a route.
#[derive(Clone, Copy)]
struct Gap {
    from: Point,
    /// Earliest departure.
    leaves: f64,
    to: Option<Point>,
    /// Latest moment at which what is done there can begin, after its set-up.
    latest: f64,
}

#[derive(Clone, Copy)]
struct Point {
    place: usize,
    /// Whether a stop at the same place needs no set-up after it.
    is_stop: bool,
    setup: f64,
}

/// A visit put into a gap.
#[derive(Clone, Copy)]
struct Moved {
    at: Point,
    /// Earliest departure from it.
    leaves: f64,
    distance: f64,
    busy: f64,
}

impl<'a> Gaps<'a> {
    pub fn new(problem: &'a Problem, route: &PlanRoute, walked: &Walked, cost: f64) -> Self {
        let kind = &problem.data.vehicles[route.kind];
        let profile = &*problem.data.profiles[kind.profile];
        let late = |stop: &super::Stop| {
            problem.data.visits[stop.visit].lateness.map_or(0.0, |rule| rule.unit_cost * stop.lateness)
        };
        let before = Base {
            cost,
            lateness_cost: walked.stops.iter().map(late).sum(),
            distance: walked.distance,
            duration: walked.end - walked.start,
        };
        let is_timed = profile.slices.is_empty();
        let mut gaps = Gaps { problem, kind, profile, trips: Vec::new(), before, busy: 0.0, is_timed };
        gaps.lay_out(route);
        gaps.early(route);
        gaps.late(route);
        gaps
    }

    /// Cost of the route as it is.
    pub fn cost(&self) -> f64 {
        self.before.cost
    }

    /// The points of the route, trip by trip, and what is aboard.
    fn lay_out(&mut self, route: &PlanRoute) {
        let data = &self.problem.data;
        for (index, trip) in route.trips.iter().enumerate() {
            let depot = if index == 0 { self.kind.start } else { trip.depot };
            let depot = Point { place: data.depots[depot].place, is_stop: index > 0, setup: 0.0 };
            let stop = |&visit: &usize| {
                let visit = &data.visits[visit];
                Point { place: visit.place, is_stop: true, setup: visit.setup_duration }
            };
            let points: Vec<Point> = std::iter::once(depot).chain(trip.visits.iter().map(stop)).collect();
            let next = route.trips.get(index + 1).map(|next| next.depot).or(self.kind.end);
            let last =
                next.map(|depot| Point { place: data.depots[depot].place, is_stop: false, setup: 0.0 });
            let to = points.iter().skip(1).copied().map(Some).chain([last]);
            let gaps = points.iter().zip(to);
            let gaps =
                gaps.map(|(&from, to)| Gap { from, leaves: f64::NEG_INFINITY, to, latest: f64::INFINITY });
            let (up_to, from) = self.most_aboard(route, index);
            let gaps: Vec<Gap> = gaps.collect();
            self.trips.push(TripGaps { gaps, visits: trip.visits.clone(), up_to, from });
        }
    }

    fn most_aboard(&self, route: &PlanRoute, trip: usize) -> (Vec<f64>, Vec<f64>) {
        let width = self.kind.capacity.len();
        let loads = loads::of_trip(self.problem, &route.trips[trip], width);
        let mut up_to: Vec<f64> = loads.concat();
        let mut from = up_to.clone();
        for at in width..up_to.len() {
            up_to[at] = up_to[at].max(up_to[at - width]);
        }
        for at in (0..from.len().saturating_sub(width)).rev() {
            from[at] = from[at].max(from[at + width]);
        }
        (up_to, from)
    }

    /// Earliest departures, and the time at work.
    fn early(&mut self, route: &PlanRoute) {
        let data = &self.problem.data;
        let mut now = data.depots[self.kind.start].window.start.max(self.kind.shift.start);
        for (index, trip) in route.trips.iter().enumerate() {
            if index > 0 {
                let depot = &data.depots[trip.depot];
                now = (now + depot.reload_duration).max(depot.window.start);
                self.busy += depot.reload_duration;
            }
            now = trip.visits.iter().map(|&visit| data.visits[visit].release).fold(now, f64::max);
            for gap in 0..self.trips[index].gaps.len() {
                let Gap { from, to, .. } = self.trips[index].gaps[gap];
                self.trips[index].gaps[gap].leaves = now;
                let Some(to) = to else { continue };
                let time = self.profile.duration.at(from.place, to.place);
                let visit = trip.visits.get(gap).map(|&visit| &data.visits[visit]);
                let setup = if from.is_stop && from.place == to.place { 0.0 } else { to.setup };
                self.busy += time + visit.map_or(0.0, |visit| setup + visit.service_duration);
                now += time + setup;
                now = visit.map_or(now, |visit| opening(visit, now) + visit.service_duration);
            }
        }
    }

    /// Latest arrivals, from the end of the route to its begin.
    fn late(&mut self, route: &PlanRoute) {
        let data = &self.problem.data;
        let mut latest = self.kind.shift.end;
        if let Some(end) = self.kind.end {
            latest = latest.min(data.depots[end].window.end);
        }
        for (index, trip) in route.trips.iter().enumerate().rev() {
            for gap in (0..self.trips[index].gaps.len()).rev() {
                self.trips[index].gaps[gap].latest = latest;
                let Gap { from, to, .. } = self.trips[index].gaps[gap];
                let setup =
                    to.filter(|to| !(from.is_stop && from.place == to.place)).map_or(0.0, |to| to.setup);
                let time = to.map_or(0.0, |to| self.profile.duration.at(from.place, to.place) + setup);
                latest -= time;
                if let Some(&visit) = gap.checked_sub(1).and_then(|stop| trip.visits.get(stop)) {
                    let visit = &data.visits[visit];
                    latest = (latest - visit.service_duration).min(closing(visit));
                }
            }
            if index > 0 {
                let depot = &data.depots[trip.depot];
                latest = (latest - depot.reload_duration).min(depot.window.end);
            }
        }
    }

    /// Tells the ways to put a unit into a trip that no bound refuses: positions of its visits and the
    /// least that each can add to the cost. `take` says whether more are wanted, and so does the answer.
    pub fn ways(&self, trip: usize, unit: &[usize], mut take: impl FnMut(&[usize], f64) -> bool) -> bool {
        let data = &self.problem.data;
        let Some(&first) = unit.first() else { return true };
        let visit = &data.visits[first];
        let gaps = &self.trips[trip].gaps;
        if !self.may_carry(trip, unit) {
            return true;
        }
        for (at, gap) in gaps.iter().enumerate() {
            if unit.len() == 1 && !self.has_room(trip, at, visit) {
                continue;
            }
            let Some(moved) = self.put(gap.from, gap.leaves, visit) else { continue };
            match unit.get(1) {
                None => {
                    if let Some(added) = self.close(gap, gap.from, moved)
                        && !take(&[at], added)
                    {
                        return false;
                    }
                }
                Some(&second) => {
                    if !self.seconds(trip, at, moved, &data.visits[second], &mut |later, added| {
                        take(&[at, later], added)
                    }) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// The places of a delivery after its pickup at `at`.
    fn seconds(
        &self,
        trip: usize,
        at: usize,
        first: Moved,
        second: &Visit,
        take: &mut impl FnMut(usize, f64) -> bool,
    ) -> bool {
        let data = &self.problem.data;
        let trip = &self.trips[trip];
        // What the detour to the first adds counts from the gap that it opens.
        let mut moved = first;
        for (later, gap) in trip.gaps.iter().enumerate().skip(at) {
            let from = if later == at { first.at } else { gap.from };
            if let Some(put) = self.put(from, moved.leaves, second) {
                let both =
                    Moved { distance: moved.distance + put.distance, busy: moved.busy + put.busy, ..put };
                if let Some(added) = self.close(gap, gap.from, both)
                    && !take(later + 1, added)
                {
                    return false;
                }
            }
            let (Some(to), Some(&next)) = (gap.to, trip.visits.get(later)) else { break };
            let next = &data.visits[next];
            let (distance, time, setup) = self.way(from, to);
            let start = opening(next, moved.leaves + time + setup);
            if self.is_timed && start > closing(next) + TOLERANCE {
                break;
            }
            if later == at {
                let (usual, usual_time, usual_setup) = self.way(gap.from, to);
                moved.distance += distance - usual;
                moved.busy += time + setup - usual_time - usual_setup;
            }
            moved.leaves = start + next.service_duration;
        }
        true
    }

    /// Length, time and set-up of a way.
    fn way(&self, from: Point, to: Point) -> (f64, f64, f64) {
        let setup = if from.is_stop && from.place == to.place { 0.0 } else { to.setup };
        let distance = self.profile.distance.at(from.place, to.place);
        (distance, self.profile.duration.at(from.place, to.place), setup)
    }

    /// A visit served after a point; `None` where that is too late.
    fn put(&self, from: Point, leaves: f64, visit: &Visit) -> Option<Moved> {
        let at = Point { place: visit.place, is_stop: true, setup: visit.setup_duration };
        let (distance, time, setup) = self.way(from, at);
        let start = opening(visit, leaves.max(visit.release) + time + setup);
        let fits = !self.is_timed || start <= closing(visit) + TOLERANCE;
        fits.then_some(Moved {
            at,
            leaves: start + visit.service_duration,
            distance,
            busy: time + setup + visit.service_duration,
        })
    }

    /// The way on from what was put into a gap: the least that it adds to the cost; `None` where a
    /// limit is broken.
    fn close(&self, gap: &Gap, from: Point, moved: Moved) -> Option<f64> {
        let (mut distance, mut busy, mut arrives) = (moved.distance, moved.busy, moved.leaves);
        if let Some(to) = gap.to {
            let (on, time, setup) = self.way(moved.at, to);
            let (usual, usual_time, usual_setup) = self.way(from, to);
            distance += on - usual;
            busy += time + setup - usual_time - usual_setup;
            arrives += time + setup;
        }
        if !distance.is_finite()
            || self.before.distance + distance > self.kind.max_distance + TOLERANCE
            || (self.is_timed && arrives > gap.latest + TOLERANCE)
            || (self.is_timed && self.busy + busy > self.kind.max_duration + TOLERANCE)
        {
            return None;
        }
        let longer =
            if self.is_timed { self.busy + busy - self.before.duration } else { -self.before.duration };
        let added = distance * self.kind.unit_distance_cost + longer * self.kind.unit_duration_cost;
        Some(added - self.before.lateness_cost)
    }

    /// Whether some gap of a trip may have room for what a unit loads and unloads.
    fn may_carry(&self, trip: usize, unit: &[usize]) -> bool {
        let [visit] = unit else { return true };
        let visit = &self.problem.data.visits[*visit];
        let trip = &self.trips[trip];
        let width = self.kind.capacity.len();
        let last = trip.from.len().saturating_sub(width);
        self.kind.capacity.iter().enumerate().all(|(dimension, most)| {
            trip.up_to[dimension] + visit.delivery[dimension] <= most + 2.0 * SLACK
                && trip.from[last + dimension] + visit.pickup[dimension] <= most + 2.0 * SLACK
        })
    }

    /// Whether a gap has room for a visit on its own.
    fn has_room(&self, trip: usize, gap: usize, visit: &Visit) -> bool {
        let (trip, width) = (&self.trips[trip], self.kind.capacity.len());
        self.kind.capacity.iter().enumerate().all(|(dimension, most)| {
            let at = gap * width + dimension;
            trip.up_to[at] + visit.delivery[dimension] <= most + 2.0 * SLACK
                && trip.from[at] + visit.pickup[dimension] <= most + 2.0 * SLACK
        })
    }
}

/// When service can start from `now` on.
fn opening(visit: &Visit, now: f64) -> f64 {
    let open = visit.windows.iter().find(|window| now <= window.end + SLACK);
    open.map_or(now, |window| now.max(window.start))
}

/// When service can start at the latest.
fn closing(visit: &Visit) -> f64 {
    let closes = visit.windows.last().map_or(f64::INFINITY, |window| window.end);
    closes + visit.lateness.map_or(0.0, |rule| rule.most)
}
