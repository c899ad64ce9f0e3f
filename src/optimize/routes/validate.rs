//! Everything that can be wrong with the data of a problem.

use std::cmp::Ordering;

use super::problem::{Matrix, Pair, ProblemData, VehicleType, Visit, Window};

/// All faults of a problem's data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ProblemError {
    /// Each fault, in the order of the data.
    pub faults: Vec<ProblemFault>,
}

/// One fault of a problem's data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProblemFault {
    /// A list that may not be empty is.
    #[error("there is no {what}: give at least one")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// An index points behind the end of a list.
    #[error("{owner} {index} names {what} {value}, of which there are {count}: name one below {count}")]
    OutOfRange {
        /// Kind of the thing that names it.
        owner: &'static str,
        /// Index of the thing that names it.
        index: usize,
        /// Kind of the thing named.
        what: &'static str,
        /// The index named.
        value: usize,
        /// How many there are.
        count: usize,
    },
    /// A number is below 0 or no number.
    #[error("{owner} {index}: {field} is {value}: give a number of 0 or more")]
    Negative {
        /// Kind of the thing.
        owner: &'static str,
        /// Its index.
        index: usize,
        /// Its field.
        field: &'static str,
        /// What was given.
        value: f64,
    },
    /// A list of amounts has the wrong length.
    #[error("{owner} {index}: {field} has {found} amounts, the first vehicle type {expected}: give as many")]
    Dimensions {
        /// Kind of the thing.
        owner: &'static str,
        /// Its index.
        index: usize,
        /// Its field.
        field: &'static str,
        /// Amounts given.
        found: usize,
        /// Amounts wanted.
        expected: usize,
    },
    /// A window ends before it starts.
    #[error("{owner} {index}: {field} runs from {start} to {end}: let it end no earlier than it starts")]
    WindowReversed {
        /// Kind of the thing.
        owner: &'static str,
        /// Its index.
        index: usize,
        /// Its field.
        field: &'static str,
        /// Start given.
        start: f64,
        /// End given.
        end: f64,
    },
    /// Windows (or breaks, or slices) overlap or are not in order.
    #[error("{owner} {index}: {field} overlap or are not in order: sort them and join those that meet")]
    OutOfOrder {
        /// Kind of the thing.
        owner: &'static str,
        /// Its index.
        index: usize,
        /// Its field.
        field: &'static str,
    },
    /// A matrix has the wrong number of values.
    #[error("profile {profile}: {field} covers {found} places in {values} values: cover {expected} places")]
    MatrixSize {
        /// Index of the profile.
        profile: usize,
        /// Which matrix.
        field: &'static str,
        /// Its places.
        found: usize,
        /// Its values.
        values: usize,
        /// Places of the first matrix.
        expected: usize,
    },
    /// A matrix holds a number below 0 or no number.
    #[error("profile {profile}: {field} from place {from} to {to} is {value}: give 0 or more")]
    MatrixValue {
        /// Index of the profile.
        profile: usize,
        /// Which matrix.
        field: &'static str,
        /// Place of departure.
        from: usize,
        /// Place of arrival.
        to: usize,
        /// The value.
        value: f64,
    },
    /// A later departure would arrive earlier.
    #[error(
        "profile {profile}: who leaves place {from} for {to} at {departure} arrives after one who leaves later: \
         let durations fall no faster than time passes"
    )]
    Overtaking {
        /// Index of the profile.
        profile: usize,
        /// Place of departure.
        from: usize,
        /// Place of arrival.
        to: usize,
        /// Time of departure.
        departure: f64,
    },
    /// A visit is in two pairs, or paired with itself.
    #[error("pair {index}: visit {visit} is in another pair already: give each visit one pair")]
    PairedTwice {
        /// Index of the pair.
        index: usize,
        /// The visit.
        visit: usize,
    },
    /// What is loaded and unloaded by a pair differs.
    #[error("pair {index}: visit {first} loads other amounts than visit {second} unloads: make them equal")]
    PairAmounts {
        /// Index of the pair.
        index: usize,
        /// Visit that loads.
        first: usize,
        /// Visit that unloads.
        second: usize,
    },
    /// One visit of a pair may be left out and the other not.
    #[error("pair {index}: one of visits {first} and {second} has a prize: give both one, or none")]
    PairPrize {
        /// Index of the pair.
        index: usize,
        /// Visit that loads.
        first: usize,
        /// Visit that unloads.
        second: usize,
    },
    /// A route is committed for a type of several vehicles, or a visit to two routes.
    #[error("vehicle type {vehicle}: its committed visits need a count of one, and visits no other type has")]
    Commitment {
        /// The vehicle type.
        vehicle: usize,
    },
}

/// Every fault of the data.
pub(super) fn faults(data: &ProblemData) -> Vec<ProblemFault> {
    let mut faults = Vec::new();
    let lists = [
        ("profile", data.profiles.len()),
        ("depot", data.depots.len()),
        ("vehicle type", data.vehicles.len()),
    ];
    for (what, length) in lists {
        if length == 0 {
            faults.push(ProblemFault::Empty { what });
        }
    }
    let places = data.profiles.first().map_or(0, |profile| profile.distance.places());
    profile_faults(data, places, &mut faults);
    for (index, depot) in data.depots.iter().enumerate() {
        let mut check = Check { owner: "depot", index, faults: &mut faults };
        check.index("place", depot.place, places);
        check.window("window", depot.window);
        check.finite("reload_duration", depot.reload_duration);
    }
    let dimensions = data.vehicles.first().map_or(0, |vehicle| vehicle.capacity.len());
    for (index, visit) in data.visits.iter().enumerate() {
        let check = Check { owner: "visit", index, faults: &mut faults };
        visit_faults(data, visit, places, dimensions, check);
    }
    for (index, vehicle) in data.vehicles.iter().enumerate() {
        let check = Check { owner: "vehicle type", index, faults: &mut faults };
        vehicle_faults(data, vehicle, dimensions, check);
    }
    pair_faults(data, &mut faults);
    commitment_faults(data, &mut faults);
    let mut check = Check { owner: "problem", index: 0, faults: &mut faults };
    check.finite("balance_cost", data.balance_cost);
    faults
}

/// Faults of one thing.
struct Check<'a> {
    owner: &'static str,
    index: usize,
    faults: &'a mut Vec<ProblemFault>,
}

impl Check<'_> {
    fn index(&mut self, what: &'static str, value: usize, count: usize) {
        if value >= count {
            let (owner, index) = (self.owner, self.index);
            self.faults.push(ProblemFault::OutOfRange { owner, index, what, value, count });
        }
    }

    fn finite(&mut self, field: &'static str, value: f64) {
        if !(value >= 0.0 && value.is_finite()) {
            self.faults.push(ProblemFault::Negative { owner: self.owner, index: self.index, field, value });
        }
    }

    /// A limit: 0 or more, or infinite.
    fn limit(&mut self, field: &'static str, value: f64) {
        if value.is_nan() || value < 0.0 {
            self.faults.push(ProblemFault::Negative { owner: self.owner, index: self.index, field, value });
        }
    }

    fn window(&mut self, field: &'static str, window: Window) {
        if window.start.is_nan() || window.end.is_nan() || window.start > window.end {
            let (owner, index) = (self.owner, self.index);
            let Window { start, end } = window;
            self.faults.push(ProblemFault::WindowReversed { owner, index, field, start, end });
        }
    }

    fn windows(&mut self, field: &'static str, windows: impl Iterator<Item = Window>) {
        let mut last = None;
        for window in windows {
            self.window(field, window);
            if last.is_some_and(|end| window.start <= end) {
                let (owner, index) = (self.owner, self.index);
                self.faults.push(ProblemFault::OutOfOrder { owner, index, field });
            }
            last = Some(window.end);
        }
    }

    fn amounts(&mut self, field: &'static str, amounts: &[f64], expected: usize, may_be_infinite: bool) {
        if amounts.len() != expected {
            let (owner, index, found) = (self.owner, self.index, amounts.len());
            self.faults.push(ProblemFault::Dimensions { owner, index, field, found, expected });
        }
        for &amount in amounts {
            if may_be_infinite { self.limit(field, amount) } else { self.finite(field, amount) }
        }
    }
}

fn visit_faults(data: &ProblemData, visit: &Visit, places: usize, dimensions: usize, mut check: Check<'_>) {
    check.index("place", visit.place, places);
    check.amounts("delivery", &visit.delivery, dimensions, false);
    check.amounts("pickup", &visit.pickup, dimensions, false);
    check.windows("windows", visit.windows.iter().copied());
    check.finite("service_duration", visit.service_duration);
    check.finite("setup_duration", visit.setup_duration);
    check.finite("prize", visit.prize.unwrap_or(0.0));
    check.limit("release", visit.release.max(0.0));
    for &vehicle in &visit.vehicles {
        check.index("vehicle type", vehicle, data.vehicles.len());
    }
    if let Some(lateness) = visit.lateness {
        check.finite("lateness unit_cost", lateness.unit_cost);
        check.limit("lateness most", lateness.most);
    }
}

fn vehicle_faults(data: &ProblemData, vehicle: &VehicleType, dimensions: usize, mut check: Check<'_>) {
    check.amounts("capacity", &vehicle.capacity, dimensions, true);
    for depot in [Some(vehicle.start), vehicle.end].into_iter().flatten().chain(vehicle.reload_depots.clone())
    {
        check.index("depot", depot, data.depots.len());
    }
    check.index("profile", vehicle.profile, data.profiles.len());
    check.finite("fixed_cost", vehicle.fixed_cost);
    check.finite("unit_distance_cost", vehicle.unit_distance_cost);
    check.finite("unit_duration_cost", vehicle.unit_duration_cost);
    check.window("shift", vehicle.shift);
    check.limit("max_distance", vehicle.max_distance);
    check.limit("max_duration", vehicle.max_duration);
    for rest in &vehicle.breaks {
        check.window("breaks", rest.window);
        check.finite("break duration", rest.duration);
    }
    if vehicle.breaks.windows(2).any(|two| two[1].window.start < two[0].window.end) {
        let (owner, index) = (check.owner, check.index);
        check.faults.push(ProblemFault::OutOfOrder { owner, index, field: "breaks" });
    }
    for &visit in &vehicle.committed {
        check.index("visit", visit, data.visits.len());
    }
}

fn profile_faults(data: &ProblemData, expected: usize, faults: &mut Vec<ProblemFault>) {
    for (index, profile) in data.profiles.iter().enumerate() {
        let before = faults.len();
        matrix_faults(index, "distance", &profile.distance, expected, faults);
        matrix_faults(index, "duration", &profile.duration, expected, faults);
        for slice in &profile.slices {
            matrix_faults(index, "slice", &slice.duration, expected, faults);
        }
        if profile
            .slices
            .windows(2)
            .any(|two| two[0].departure.partial_cmp(&two[1].departure) != Some(Ordering::Less))
        {
            faults.push(ProblemFault::OutOfOrder { owner: "profile", index, field: "slices" });
        }
        if faults.len() > before {
            continue;
        }
        for two in profile.slices.windows(2) {
            let gap = two[1].departure - two[0].departure + 1e-9;
            let pairs = (0..expected).flat_map(|from| (0..expected).map(move |to| (from, to)));
            let overtakes = |&(from, to): &(usize, usize)| {
                two[0].duration.at(from, to) - two[1].duration.at(from, to) > gap
            };
            faults.extend(pairs.filter(overtakes).take(1).map(|(from, to)| ProblemFault::Overtaking {
                profile: index,
                from,
                to,
                departure: two[0].departure,
            }));
        }
    }
}

fn matrix_faults(
    profile: usize,
    field: &'static str,
    matrix: &Matrix,
    expected: usize,
    faults: &mut Vec<ProblemFault>,
) {
    let found = matrix.places();
    let values = match matrix {
        Matrix::Table { values, .. } => values.len(),
        Matrix::Plane { points, .. } => points.len() * points.len(),
    };
    if found != expected || values != found * found {
        faults.push(ProblemFault::MatrixSize { profile, field, found, values, expected });
        return;
    }
    let wrong = match matrix {
        Matrix::Table { values, .. } => values.iter().position(|value| value.is_nan() || *value < 0.0),
        Matrix::Plane { points, .. } => {
            points.iter().position(|point| !point.iter().all(|at| at.is_finite())).map(|at| at * found + at)
        }
    };
    if let Some(at) = wrong {
        let (from, to) = (at / found, at % found);
        faults.push(ProblemFault::MatrixValue { profile, field, from, to, value: matrix.at(from, to) });
    }
}

fn pair_faults(data: &ProblemData, faults: &mut Vec<ProblemFault>) {
    let mut paired = vec![false; data.visits.len()];
    for (index, &Pair { first, second }) in data.pairs.iter().enumerate() {
        let mut known = true;
        for visit in [first, second] {
            let mut check = Check { owner: "pair", index, faults };
            check.index("visit", visit, data.visits.len());
            let Some(seen) = paired.get_mut(visit) else {
                known = false;
                continue;
            };
            if std::mem::replace(seen, true) {
                faults.push(ProblemFault::PairedTwice { index, visit });
            }
        }
        if known && data.visits[first].pickup != data.visits[second].delivery {
            faults.push(ProblemFault::PairAmounts { index, first, second });
        }
        if known && data.visits[first].prize.is_some() != data.visits[second].prize.is_some() {
            faults.push(ProblemFault::PairPrize { index, first, second });
        }
    }
}

fn commitment_faults(data: &ProblemData, faults: &mut Vec<ProblemFault>) {
    let mut taken = vec![false; data.visits.len()];
    for (vehicle, kind) in data.vehicles.iter().enumerate() {
        let known = kind.committed.iter().filter(|&&visit| visit < data.visits.len());
        let repeated = known.filter(|&&visit| std::mem::replace(&mut taken[visit], true)).count();
        if repeated > 0 || (!kind.committed.is_empty() && kind.count != 1) {
            faults.push(ProblemFault::Commitment { vehicle });
        }
    }
}
