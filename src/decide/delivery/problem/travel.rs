//! Ways between places: given in a table, along a road graph, or from coordinates.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Named;
use super::tables::{Cells, Reading};
use crate::data::{Code, Fault};
use crate::optimize::paths::{Arc as Road, Graph, Metric, Path, Query, Topology, matrix};
use crate::optimize::routes::{Matrix, Profile, Rounding, Slice, VehicleType};

/// Up to so many places, ways on the globe are exact; more lie on a plane that touches it among them.
const EXACT_PLACES: usize = 2_500;
/// Most places between which ways are held as a table (3.2 GB for each of distance and time).
const MOST_TABLE_PLACES: usize = 20_000;
/// Mean radius of the earth in metres.
const EARTH: f64 = 6_371_008.8;

/// The distinct places of depots and visits.
pub(super) struct Places {
    /// Code and position of each.
    list: Vec<(String, Option<[f64; 2]>)>,
    by_code: HashMap<String, usize>,
    by_position: HashMap<[u64; 2], usize>,
    /// Whether ways come from positions, so that every place needs one.
    from_positions: bool,
    /// Whether positions are degrees.
    pub geographic: bool,
}

impl Places {
    pub fn new(reading: &Reading<'_>) -> Self {
        let given = |name: &str| reading.tables.get(name).is_some_and(|table| !table.is_empty());
        let mut rows = Cells::all(reading.tables, "depots").chain(Cells::all(reading.tables, "visits"));
        Places {
            list: Vec::new(),
            by_code: HashMap::new(),
            by_position: HashMap::new(),
            from_positions: !given("distances") && !given("roads"),
            geographic: rows.any(|cells| cells.number("latitude").is_some()),
        }
    }

    /// Place and position of a row, or why it has none.
    pub fn of(&mut self, cells: Cells<'_>, code: &str) -> Result<(usize, Option<[f64; 2]>), String> {
        let position = self.position(cells);
        let next = self.list.len();
        if !self.from_positions {
            let named = cells.text("place");
            let code = if named.is_empty() { cells.text(code) } else { named };
            let at = *self.by_code.entry(code.to_owned()).or_insert(next);
            if at == next {
                self.list.push((code.to_owned(), position));
            }
            return Ok((at, position));
        }
        let Some(position) = position else { return Err("without a position".to_owned()) };
        let at = *self.by_position.entry(position.map(f64::to_bits)).or_insert(next);
        if at == next {
            self.list.push((cells.text(code).to_owned(), Some(position)));
        }
        Ok((at, Some(position)))
    }

    fn position(&self, cells: Cells<'_>) -> Option<[f64; 2]> {
        let columns = if self.geographic { ["latitude", "longitude"] } else { ["x_km", "y_km"] };
        let [a, b] = columns.map(|column| cells.number(column));
        // A map has east to the right: longitude is x.
        Some(if self.geographic { [b?, a?] } else { [a?, b?] })
    }

    /// Why a position cannot be right: off the globe, or far away unless its two numbers are swapped.
    pub fn misplaced(&self, position: [f64; 2], depots: &[Named]) -> Option<String> {
        const FAR: f64 = 500_000.0;
        if !self.geographic {
            return None;
        }
        let [x, y] = position;
        let on_globe = |[x, y]: [f64; 2]| x.abs() <= 180.0 && y.abs() <= 90.0;
        let nearest = |at: [f64; 2]| {
            let depots = depots.iter().filter_map(|depot| depot.position);
            depots.map(|depot| on_the_globe(depot, at)).fold(f64::INFINITY, f64::min)
        };
        let swapped = [y, x];
        let far = !on_globe(position) || nearest(position) > FAR;
        if far && on_globe(swapped) && nearest(swapped) < 0.2 * nearest(position).min(5.0 * FAR) {
            let away = (nearest(swapped) / 1000.0).round();
            return Some(format!(
                "latitude {y} and longitude {x} look swapped: the other way round it is {away} km from a depot"
            ));
        }
        (!on_globe(position)).then(|| format!("latitude {y} and longitude {x} lie outside the globe"))
    }
}

/// Metres between two positions in degrees (longitude, latitude) along a great circle.
pub(in super::super) fn on_the_globe(a: [f64; 2], b: [f64; 2]) -> f64 {
    let ([x1, y1], [x2, y2]) = (a.map(f64::to_radians), b.map(f64::to_radians));
    let (sy, sx) = (((y2 - y1) / 2.0).sin(), ((x2 - x1) / 2.0).sin());
    let h = sy * sy + y1.cos() * y2.cos() * sx * sx;
    2.0 * EARTH * h.sqrt().clamp(0.0, 1.0).asin()
}

/// Profiles of ways; writes into each type which one is its own.
pub(super) fn profiles(
    reading: &mut Reading<'_>,
    places: &Places,
    travel: &[(Option<f64>, String)],
    types: &mut [VehicleType],
) -> Vec<Arc<Profile>> {
    let both = ["distances", "roads"].map(|name| reading.tables.get(name).filter(|table| !table.is_empty()));
    if let Some(table) = both[0].or(both[1]).filter(|_| places.list.len() > MOST_TABLE_PLACES) {
        let message = format!("ways between {} places need too large a table", places.list.len());
        let help =
            format!("give at most {MOST_TABLE_PLACES} places, or coordinates without distances and roads");
        reading.faults.push(Fault::error(Code::OutOfRange, table.file(), message).with_help(help));
        return Vec::new();
    }
    match both {
        [Some(distances), Some(_)] => {
            let message = "there is a table distances and a table roads";
            reading.faults.push(
                Fault::error(Code::Contradiction, distances.file(), message).with_help("give one of the two"),
            );
            Vec::new()
        }
        [Some(_), None] => from_table(reading, places, travel, types),
        [None, Some(_)] => vec![Arc::new(along_roads(reading, places))],
        [None, None] => from_positions(reading, places, travel, types),
    }
}

/// Straight lines times a factor; one profile for each speed.
fn from_positions(
    reading: &Reading<'_>,
    places: &Places,
    travel: &[(Option<f64>, String)],
    types: &mut [VehicleType],
) -> Vec<Arc<Profile>> {
    let detour = reading.settings.number("detour_factor").unwrap_or(1.0);
    let usual = reading.settings.number("speed_kmh").unwrap_or(40.0) / 3.6;
    let positions: Vec<[f64; 2]> = places.list.iter().filter_map(|(_, position)| *position).collect();
    let lines = |factor: f64| {
        if places.geographic && positions.len() <= EXACT_PLACES {
            let rows =
                positions.iter().flat_map(|&a| positions.iter().map(move |&b| on_the_globe(a, b) * factor));
            return Matrix::Table { places: positions.len(), values: Arc::new(rows.collect()) };
        }
        let points = on_a_plane(&positions, places.geographic).map(|[x, y]| [x * factor, y * factor]);
        Matrix::Plane { points: Arc::new(points.collect()), rounding: Rounding::Exact }
    };
    let distance = lines(detour);
    let mut speeds: Vec<f64> = Vec::new();
    let mut profiles = Vec::new();
    for (kind, (speed, _)) in types.iter_mut().zip(travel) {
        let speed = speed.unwrap_or(usual);
        let known = speeds.iter().position(|other| *other == speed);
        kind.profile = known.unwrap_or_else(|| {
            speeds.push(speed);
            profiles.push(Arc::new(Profile::constant(distance.clone(), lines(detour / speed))));
            speeds.len() - 1
        });
    }
    profiles
}

/// Metres on a plane; degrees are laid on the plane that touches the globe at their middle.
fn on_a_plane(positions: &[[f64; 2]], geographic: bool) -> impl Iterator<Item = [f64; 2]> + '_ {
    let middle = positions.iter().map(|[_, y]| y).sum::<f64>() / positions.len().max(1) as f64;
    let degree = EARTH.to_radians();
    let scale = if geographic { [degree * middle.to_radians().cos(), degree] } else { [1000.0, 1000.0] };
    positions.iter().map(move |[x, y]| [x * scale[0], y * scale[1]])
}

/// The table `distances`; one profile for each word of its column `profile` that a vehicle names.
fn from_table(
    reading: &mut Reading<'_>,
    places: &Places,
    travel: &[(Option<f64>, String)],
    types: &mut [VehicleType],
) -> Vec<Arc<Profile>> {
    let mut words: Vec<&str> = Vec::new();
    for (kind, (_, word)) in types.iter_mut().zip(travel) {
        kind.profile = words.iter().position(|known| known == word).unwrap_or_else(|| {
            words.push(word);
            words.len() - 1
        });
    }
    words.into_iter().map(|word| Arc::new(profile(reading, places, word))).collect()
}

fn profile(reading: &mut Reading<'_>, places: &Places, word: &str) -> Profile {
    let n = places.list.len();
    let symmetric = reading.settings.flag("symmetric").unwrap_or(true);
    let mut metres = Grid::new(n);
    let mut always = Grid::new(n);
    let mut timed: Vec<(f64, Grid)> = Vec::new();
    for cells in Cells::all(reading.tables, "distances").filter(|cells| cells.text("profile") == word) {
        let place = |column: &str| places.by_code.get(cells.text(column)).copied();
        let (Some(from), Some(to)) = (place("from"), place("to")) else { continue };
        metres.set(from, to, cells.number("km").unwrap_or(0.0) * 1000.0);
        let seconds = cells.number("minutes").unwrap_or(0.0) * 60.0;
        let Some(departure) = reading.written(cells, "departure").map(|time| reading.clock.at(time, 0))
        else {
            always.set(from, to, seconds);
            continue;
        };
        let at = timed.iter().position(|(time, _)| *time == departure).unwrap_or_else(|| {
            timed.push((departure, Grid::new(n)));
            timed.len() - 1
        });
        timed[at].1.set(from, to, seconds);
    }
    timed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut slices = Vec::new();
    for (departure, mut grid) in timed {
        grid.fill_from(&always);
        slices.push(Slice { departure, duration: grid.into_matrix(symmetric) });
    }
    // Where rows have a departure, the first time stands for durations at all times.
    let duration = match slices.first() {
        Some(first) => first.duration.clone(),
        None => always.into_matrix(symmetric),
    };
    Profile { distance: metres.into_matrix(symmetric), duration, slices }
}

/// A number for each pair of places, NaN where none is given.
struct Grid {
    places: usize,
    values: Vec<f64>,
}

impl Grid {
    fn new(places: usize) -> Self {
        Grid { places, values: vec![f64::NAN; places * places] }
    }

    fn set(&mut self, from: usize, to: usize, value: f64) {
        self.values[from * self.places + to] = value;
    }

    fn fill_from(&mut self, other: &Grid) {
        for (value, other) in self.values.iter_mut().zip(&other.values).filter(|(value, _)| value.is_nan()) {
            *value = *other;
        }
    }

    /// Staying costs nothing, the other direction may stand in, and what is left is no way.
    fn into_matrix(mut self, symmetric: bool) -> Matrix {
        let n = self.places;
        for (from, to) in (0..n).flat_map(|from| (0..from).map(move |to| (from, to))) {
            let (there, back) = (self.values[from * n + to], self.values[to * n + from]);
            if symmetric && there.is_nan() {
                self.set(from, to, back);
            } else if symmetric && back.is_nan() {
                self.set(to, from, there);
            }
        }
        for cell in 0..n * n {
            if cell / n == cell % n && self.values[cell].is_nan() {
                self.values[cell] = 0.0;
            } else if self.values[cell].is_nan() {
                self.values[cell] = f64::INFINITY;
            }
        }
        Matrix::Table { places: n, values: Arc::new(self.values) }
    }
}

/// Fastest ways along the table `roads`, and how long they are in metres.
fn along_roads(reading: &mut Reading<'_>, places: &Places) -> Profile {
    let symmetric = reading.settings.flag("symmetric").unwrap_or(true);
    let mut index: HashMap<&str, u32> = HashMap::new();
    let mut arcs: Vec<(Road, f64)> = Vec::new();
    let mut given: HashSet<(u32, u32)> = HashSet::new();
    for cells in Cells::all(reading.tables, "roads") {
        let mut node = |column: &str| {
            let next = index.len() as u32;
            *index.entry(cells.text(column)).or_insert(next)
        };
        let (from, to) = (node("from"), node("to"));
        let [seconds, metres] = ["seconds", "metres"].map(|column| cells.number(column).unwrap_or(0.0));
        arcs.push((Road::new(from, to, seconds), metres));
        given.insert((from, to));
    }
    if symmetric {
        let back = arcs.iter().filter(|(road, _)| !given.contains(&(road.to, road.from)));
        let back: Vec<_> =
            back.map(|(road, metres)| (Road::new(road.to, road.from, road.weight), *metres)).collect();
        arcs.extend(back);
    }
    let nodes: Vec<Option<u32>> =
        places.list.iter().map(|(code, _)| index.get(code.as_str()).copied()).collect();
    let roads: Vec<Road> = arcs.iter().map(|(road, _)| *road).collect();
    let ways = Graph::new(index.len(), &roads).and_then(|graph| Ok((Topology::new(&graph, None)?, graph)));
    let n = nodes.len();
    let (mut seconds, mut metres) = (vec![f64::INFINITY; n * n], vec![f64::INFINITY; n * n]);
    match ways {
        Ok((topology, graph)) => {
            let metric = Metric::new(&topology, &graph);
            let on_map: Vec<usize> = (0..n).filter(|&place| nodes[place].is_some()).collect();
            let list: Vec<u32> = on_map.iter().filter_map(|&place| nodes[place]).collect();
            let found = matrix(&topology, &metric, &list, &list);
            let (mut query, mut path) = (Query::new(&topology), Path::default());
            for (cell, &time) in found.iter().enumerate() {
                let (from, to) = (cell / list.len(), cell % list.len());
                seconds[on_map[from] * n + on_map[to]] = time;
                query.path(&topology, &metric, list[from], list[to], &mut path);
                let length =
                    path.arcs.iter().map(|&arc| arcs[graph.input_of(arc as usize) as usize].1).sum::<f64>();
                metres[on_map[from] * n + on_map[to]] = if time.is_finite() { length } else { f64::INFINITY };
            }
        }
        Err(error) => {
            let file = reading.tables.get("roads").map_or("roads", |table| table.file());
            reading.faults.push(Fault::error(Code::OutOfRange, file, error.to_string()));
        }
    }
    (0..n).for_each(|place| (seconds[place * n + place], metres[place * n + place]) = (0.0, 0.0));
    let table = |values: Vec<f64>| Matrix::Table { places: n, values: Arc::new(values) };
    Profile::constant(table(metres), table(seconds))
}
