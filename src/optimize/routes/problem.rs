//! What a routing problem is made of: places, depots, visits, vehicles and the costs of their use.
//!
//! Amounts, times, distances and costs are plain numbers in units of the caller's choice, the same
//! throughout one problem; whole numbers below 2^53 stay exact. [`Problem::new`] checks everything
//! and is the only way to a [`Problem`], so no solver meets a wrong index or a number that is none.

use std::sync::Arc;

use super::validate::{ProblemError, faults};

/// How straight-line distances between points are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// To the nearest whole number, halves up.
    Nearest,
    /// Down to one decimal.
    Tenth,
    /// Not at all.
    #[default]
    Exact,
}

impl Rounding {
    /// The rounded length.
    #[must_use]
    pub fn apply(self, length: f64) -> f64 {
        match self {
            Rounding::Nearest => (length + 0.5).floor(),
            // A length such as 0.3 may stand a hair below its tenth.
            Rounding::Tenth => (length * 10.0 + 1e-9).floor() / 10.0,
            Rounding::Exact => length,
        }
    }
}

/// A number for each ordered pair of places.
#[derive(Debug, Clone)]
pub enum Matrix {
    /// Row-major values, one row for each place of departure; infinite: no way.
    Table {
        /// Number of places.
        places: usize,
        /// `places * places` values.
        values: Arc<Vec<f64>>,
    },
    /// Straight lines between points, computed when asked for; takes no memory of its own.
    Plane {
        /// Position of each place.
        points: Arc<Vec<[f64; 2]>>,
        /// How lengths are rounded.
        rounding: Rounding,
    },
}

impl Matrix {
    /// Number of places.
    #[must_use]
    pub fn places(&self) -> usize {
        match self {
            Matrix::Table { places, .. } => *places,
            Matrix::Plane { points, .. } => points.len(),
        }
    }

    /// The value from one place to another.
    #[must_use]
    #[inline]
    pub fn at(&self, from: usize, to: usize) -> f64 {
        match self {
            Matrix::Table { places, values } => values[from * places + to],
            Matrix::Plane { points, rounding } => {
                let (a, b) = (points[from], points[to]);
                let (x, y) = (a[0] - b[0], a[1] - b[1]);
                rounding.apply((x * x + y * y).sqrt())
            }
        }
    }
}

/// Durations for one time of departure.
#[derive(Debug, Clone)]
pub struct Slice {
    /// Time of departure.
    pub departure: f64,
    /// Duration of each pair of places when departing then.
    pub duration: Matrix,
}

/// How one kind of vehicle gets from place to place.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Distances.
    pub distance: Matrix,
    /// Durations, at any time of departure unless `slices` says otherwise.
    pub duration: Matrix,
    /// Durations that change with the departure, by rising departure: linear between two slices,
    /// constant before the first and after the last. Empty: `duration` holds at all times. Nothing
    /// may be gained by a later departure: a duration falls by at most the time between slices.
    pub slices: Vec<Slice>,
}

impl Profile {
    /// A profile whose durations do not change with the time.
    #[must_use]
    pub fn constant(distance: Matrix, duration: Matrix) -> Self {
        Profile { distance, duration, slices: Vec::new() }
    }

    /// Duration from one place to another when departing at `departure`.
    #[must_use]
    pub fn duration_at(&self, from: usize, to: usize, departure: f64) -> f64 {
        let (Some(first), Some(last)) = (self.slices.first(), self.slices.last()) else {
            return self.duration.at(from, to);
        };
        if departure <= first.departure || from == to {
            return first.duration.at(from, to);
        }
        let next = self.slices.partition_point(|slice| slice.departure < departure);
        let Some(after) = self.slices.get(next) else { return last.duration.at(from, to) };
        let before = &self.slices[next - 1];
        let share = (departure - before.departure) / (after.departure - before.departure);
        let (early, late) = (before.duration.at(from, to), after.duration.at(from, to));
        early + share * (late - early)
    }
}

/// A span of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Earliest time.
    pub start: f64,
    /// Latest time.
    pub end: f64,
}

impl Window {
    /// Any time from minus to plus infinity.
    pub const ALWAYS: Window = Window { start: f64::NEG_INFINITY, end: f64::INFINITY };
}

/// Where vehicles start, end or load again.
#[derive(Debug, Clone, PartialEq)]
pub struct Depot {
    /// Its place.
    pub place: usize,
    /// When vehicles may leave and must be back.
    pub window: Window,
    /// Time that loading takes between two trips of a vehicle.
    pub reload_duration: f64,
}

/// What it costs to be late.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lateness {
    /// Cost of each unit of time after the window.
    pub unit_cost: f64,
    /// The most that is tolerated.
    pub most: f64,
}

/// Something to be done at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Its place.
    pub place: usize,
    /// Amounts unloaded here, one for each dimension of load; loaded at the depot, or, for the
    /// second visit of a [`Pair`], at the first.
    pub delivery: Vec<f64>,
    /// Amounts loaded here; taken to the end of the trip, or, for the first visit of a [`Pair`],
    /// to the second.
    pub pickup: Vec<f64>,
    /// When service may start, rising and apart; empty: any time.
    pub windows: Vec<Window>,
    /// Time of service.
    pub service_duration: f64,
    /// Time before service, once for visits in a row at one place; may be spent before the window opens.
    pub setup_duration: f64,
    /// Earliest departure from the depot of the trip that serves it.
    pub release: f64,
    /// Cost of leaving it out; `None`: it must be served where any vehicle can.
    pub prize: Option<f64>,
    /// Of visits that must be served and cannot all be, the higher number goes first.
    pub priority: u32,
    /// What its vehicle must be able to do.
    pub skills: Vec<u32>,
    /// Vehicle types that may serve it; empty: all.
    pub vehicles: Vec<usize>,
    /// Tolerance of a service that starts after its (last possible) window; `None`: none.
    pub lateness: Option<Lateness>,
}

impl Visit {
    /// A visit to a place without amounts, limits or durations, which must be served.
    #[must_use]
    pub fn at(place: usize, dimensions: usize) -> Self {
        Visit {
            place,
            delivery: vec![0.0; dimensions],
            pickup: vec![0.0; dimensions],
            windows: Vec::new(),
            service_duration: 0.0,
            setup_duration: 0.0,
            release: f64::NEG_INFINITY,
            prize: None,
            priority: 0,
            skills: Vec::new(),
            vehicles: Vec::new(),
            lateness: None,
        }
    }
}

/// Two visits of one trip, the first before the second: what is loaded at one is unloaded at the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Visit that loads.
    pub first: usize,
    /// Visit that unloads.
    pub second: usize,
}

/// A rest that falls due while a vehicle is on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Break {
    /// When it may start. A vehicle that has ended its route before owes none.
    pub window: Window,
    /// How long it takes.
    pub duration: f64,
}

/// Vehicles that are all alike.
#[derive(Debug, Clone, PartialEq)]
pub struct VehicleType {
    /// How many there are.
    pub count: usize,
    /// Most aboard in each dimension of load.
    pub capacity: Vec<f64>,
    /// Depot where a route starts.
    pub start: usize,
    /// Depot where it ends; `None`: at its last visit.
    pub end: Option<usize>,
    /// Cost of using one.
    pub fixed_cost: f64,
    /// Cost of a unit of distance.
    pub unit_distance_cost: f64,
    /// Cost of a unit of time between start and end of a route.
    pub unit_duration_cost: f64,
    /// Earliest start and latest end of a route.
    pub shift: Window,
    /// Longest distance of a route.
    pub max_distance: f64,
    /// Longest time between start and end of a route.
    pub max_duration: f64,
    /// What it is able to do.
    pub skills: Vec<u32>,
    /// Index of its profile.
    pub profile: usize,
    /// Rests, by rising window.
    pub breaks: Vec<Break>,
    /// How often a route may load again.
    pub max_reloads: usize,
    /// Depots where it may load again.
    pub reload_depots: Vec<usize>,
    /// Visits with which its route begins, in this order; only for a type with a count of one.
    pub committed: Vec<usize>,
}

impl VehicleType {
    /// Vehicles that start and end at depot 0 and cost one for each unit of distance.
    #[must_use]
    pub fn new(count: usize, capacity: Vec<f64>) -> Self {
        VehicleType {
            count,
            capacity,
            start: 0,
            end: Some(0),
            fixed_cost: 0.0,
            unit_distance_cost: 1.0,
            unit_duration_cost: 0.0,
            shift: Window::ALWAYS,
            max_distance: f64::INFINITY,
            max_duration: f64::INFINITY,
            skills: Vec::new(),
            profile: 0,
            breaks: Vec::new(),
            max_reloads: 0,
            reload_depots: Vec::new(),
            committed: Vec::new(),
        }
    }
}

/// How visits that load and visits that unload may mix in a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backhauls {
    /// In any order.
    #[default]
    Mixed,
    /// Visits that unload come before visits that only load.
    Last,
    /// As `Last`, and no trip has only visits that load.
    LastAndNeverAlone,
}

/// The parts of a problem, before they are checked.
#[derive(Debug, Clone, Default)]
pub struct ProblemData {
    /// Ways to get from place to place.
    pub profiles: Vec<Arc<Profile>>,
    /// Depots.
    pub depots: Vec<Depot>,
    /// Visits.
    pub visits: Vec<Visit>,
    /// Vehicle types.
    pub vehicles: Vec<VehicleType>,
    /// Visits that belong together.
    pub pairs: Vec<Pair>,
    /// Order of loading and unloading.
    pub backhauls: Backhauls,
    /// Cost of each unit of time by which the longest route exceeds the shortest one.
    pub balance_cost: f64,
}

/// A checked problem.
///
/// ```
/// use std::sync::Arc;
/// use purvey::optimize::routes::*;
/// let points = Arc::new(vec![[0.0, 0.0], [3.0, 4.0]]);
/// let line = Matrix::Plane { points, rounding: Rounding::Exact };
/// let data = ProblemData {
///     profiles: vec![Arc::new(Profile::constant(line.clone(), line))],
///     depots: vec![Depot { place: 0, window: Window::ALWAYS, reload_duration: 0.0 }],
///     visits: vec![Visit::at(1, 0)],
///     vehicles: vec![VehicleType::new(1, vec![])],
///     ..ProblemData::default()
/// };
/// let problem = Problem::new(data).unwrap();
/// let solution = Solution { routes: vec![Route::of(&problem, 0, vec![0])], unserved: vec![] };
/// assert_eq!(evaluate(&problem, &solution).cost.total(), 10.0);
/// ```
#[derive(Debug, Clone)]
pub struct Problem {
    data: ProblemData,
    /// The other visit of the pair of each visit, and whether it comes first.
    partners: Vec<Option<(usize, bool)>>,
    /// Vehicle types that have the skills for each visit and are allowed to serve it.
    served_by: Vec<Vec<usize>>,
}

impl Problem {
    /// Checks the data.
    ///
    /// # Errors
    /// All faults at once.
    pub fn new(data: ProblemData) -> Result<Self, ProblemError> {
        let faults = faults(&data);
        if !faults.is_empty() {
            return Err(ProblemError { faults });
        }
        let mut partners = vec![None; data.visits.len()];
        for pair in &data.pairs {
            partners[pair.first] = Some((pair.second, true));
            partners[pair.second] = Some((pair.first, false));
        }
        let serves = |visit: &Visit, index: usize| {
            let vehicle: &VehicleType = &data.vehicles[index];
            (visit.vehicles.is_empty() || visit.vehicles.contains(&index))
                && visit.skills.iter().all(|skill| vehicle.skills.contains(skill))
        };
        let served_by = data
            .visits
            .iter()
            .map(|visit| (0..data.vehicles.len()).filter(|&index| serves(visit, index)).collect())
            .collect();
        Ok(Problem { data, partners, served_by })
    }

    /// The parts of the problem.
    #[must_use]
    pub fn data(&self) -> &ProblemData {
        &self.data
    }

    /// Its visits.
    #[must_use]
    pub fn visits(&self) -> &[Visit] {
        &self.data.visits
    }

    /// Its vehicle types.
    #[must_use]
    pub fn vehicles(&self) -> &[VehicleType] {
        &self.data.vehicles
    }

    /// Its depots.
    #[must_use]
    pub fn depots(&self) -> &[Depot] {
        &self.data.depots
    }

    /// How vehicles of a type get from place to place.
    #[must_use]
    pub fn profile(&self, vehicle: usize) -> &Profile {
        &self.data.profiles[self.data.vehicles[vehicle].profile]
    }

    /// Number of dimensions of load.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.data.vehicles.first().map_or(0, |vehicle| vehicle.capacity.len())
    }

    /// The other visit of its pair, and whether this one comes first.
    #[must_use]
    pub fn partner(&self, visit: usize) -> Option<(usize, bool)> {
        self.partners[visit]
    }

    /// Vehicle types that have the skills for a visit and are allowed to serve it, rising.
    #[must_use]
    pub fn served_by(&self, visit: usize) -> &[usize] {
        &self.served_by[visit]
    }

    /// Whether a visit only loads, which the rule on backhauls puts last.
    #[must_use]
    pub fn is_backhaul(&self, visit: usize) -> bool {
        let visit = &self.data.visits[visit];
        visit.pickup.iter().any(|&amount| amount > 0.0) && visit.delivery.iter().all(|&amount| amount <= 0.0)
    }
}
