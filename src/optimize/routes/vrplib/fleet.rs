//! Vehicles of a VRPLIB file: one kind by headers, or a row for each vehicle; alike ones are one type.

use super::super::file::FileError;
use super::super::problem::{VehicleType, Visit};
use super::{Row, Text};

/// Most vehicles of a file.
const MOST_VEHICLES: usize = 1_000_000;

/// The fleet, alike vehicles together.
pub(super) struct Fleet {
    pub types: Vec<VehicleType>,
    /// Numbers of the vehicles of each type, from 1.
    pub numbers: Vec<Vec<u32>>,
    /// Visits that each type may serve; `None`: all.
    allowed: Vec<Option<Vec<usize>>>,
}

impl Fleet {
    /// Writes the types that may serve a visit into it, where not all may.
    pub fn restrict(&self, visits: &mut [Visit]) {
        if self.allowed.iter().all(Option::is_none) {
            return;
        }
        for (index, visit) in visits.iter_mut().enumerate() {
            let may = |kind: &usize| self.allowed[*kind].as_ref().is_none_or(|list| list.contains(&index));
            let may: Vec<usize> = (0..self.types.len()).filter(may).collect();
            visit.vehicles = if may.len() == self.types.len() { Vec::new() } else { may };
        }
    }
}

/// Reads the fleet; without a number of vehicles there is one for each visit.
pub(super) fn read(
    text: &Text<'_>,
    depots: &[usize],
    visit_nodes: &[usize],
    dimensions: usize,
) -> Result<Fleet, FileError> {
    let count = text.count("VEHICLES", MOST_VEHICLES)?.unwrap_or(visit_nodes.len());
    let fields = Fields::read(text, count)?;
    let mut fleet = Fleet { types: Vec::new(), numbers: Vec::new(), allowed: Vec::new() };
    if fields.are_for_all() && count > 0 {
        let (kind, allowed) = fields.vehicle(0, depots, visit_nodes, dimensions)?;
        fleet.types.push(VehicleType { count, ..kind });
        fleet.numbers.push((1..=count as u32).collect());
        fleet.allowed.push(allowed);
        return Ok(fleet);
    }
    for vehicle in 0..count {
        let (kind, allowed) = fields.vehicle(vehicle, depots, visit_nodes, dimensions)?;
        let alike = |at: &usize| {
            let known = &fleet.types[*at];
            VehicleType { count: 1, ..known.clone() } == kind && fleet.allowed[*at] == allowed
        };
        match (0..fleet.types.len()).find(alike) {
            Some(at) => {
                fleet.types[at].count += 1;
                fleet.numbers[at].push(vehicle as u32 + 1);
            }
            None => {
                fleet.types.push(kind);
                fleet.numbers.push(vec![vehicle as u32 + 1]);
                fleet.allowed.push(allowed);
            }
        }
    }
    Ok(fleet)
}

/// A value for all vehicles, or a row for each.
struct Field<'a> {
    all: Option<(usize, Vec<f64>)>,
    each: Option<Vec<&'a Row>>,
}

impl<'a> Field<'a> {
    fn read(
        text: &'a Text<'_>,
        name: &str,
        count: usize,
        widths: std::ops::RangeInclusive<usize>,
    ) -> Result<Self, FileError> {
        let each = text.rows(name, count, widths)?;
        let all = match text.headers.get(name) {
            Some(&(line, value)) => Some((line, super::numbers(line, value)?)),
            None => None,
        };
        if let (Some((line, _)), Some(_)) = (&all, &each) {
            let found = format!("{name} is given for all vehicles and for each");
            return Err(FileError::new(*line, found, "keep one of the two"));
        }
        let field = Field { all, each };
        let lists = field.each.iter().flatten().map(|row| (row.line, &row.values[1..]));
        let all = field.all.iter().map(|(line, values)| (*line, &values[..]));
        for (line, values) in all.chain(lists) {
            if let Some(value) = values.iter().find(|value| **value < 0.0) {
                return Err(FileError::new(
                    line,
                    format!("{name} is {value}"),
                    "write a number of 0 or more",
                ));
            }
        }
        Ok(field)
    }

    /// Line and values for a vehicle.
    fn of(&self, vehicle: usize) -> Option<(usize, &[f64])> {
        let each = self.each.as_ref().map(|rows| (rows[vehicle].line, &rows[vehicle].values[1..]));
        each.or_else(|| self.all.as_ref().map(|(line, values)| (*line, &values[..])))
    }

    fn one(&self, vehicle: usize) -> Option<f64> {
        self.of(vehicle).and_then(|(_, values)| values.first().copied())
    }
}

struct Fields<'a> {
    capacity: Field<'a>,
    depot: Field<'a>,
    fixed_cost: Field<'a>,
    distance_cost: Field<'a>,
    duration_cost: Field<'a>,
    max_distance: Field<'a>,
    max_duration: Field<'a>,
    allowed: Field<'a>,
    max_reloads: Field<'a>,
    reload_depots: Field<'a>,
    /// Longest route of all vehicles, services included (the header `DISTANCE`).
    length: Option<f64>,
}

impl<'a> Fields<'a> {
    fn read(text: &'a Text<'_>, count: usize) -> Result<Self, FileError> {
        let one = |name: &str| Field::read(text, name, count, 1..=1);
        let list = |name: &str| Field::read(text, name, count, 1..=usize::MAX - 1);
        Ok(Fields {
            capacity: list("CAPACITY")?,
            depot: Field::read(text, "VEHICLES_DEPOT", count, 1..=2)?,
            fixed_cost: one("VEHICLES_FIXED_COST")?,
            distance_cost: one("VEHICLES_UNIT_DISTANCE_COST")?,
            duration_cost: one("VEHICLES_UNIT_DURATION_COST")?,
            max_distance: one("VEHICLES_MAX_DISTANCE")?,
            max_duration: one("VEHICLES_MAX_DURATION")?,
            allowed: list("VEHICLES_ALLOWED_CLIENTS")?,
            max_reloads: one("VEHICLES_MAX_RELOADS")?,
            reload_depots: list("VEHICLES_RELOAD_DEPOT")?,
            length: text.number("DISTANCE")?,
        })
    }

    /// Whether no field has a row for each vehicle.
    fn are_for_all(&self) -> bool {
        let fields = [
            &self.capacity,
            &self.depot,
            &self.fixed_cost,
            &self.distance_cost,
            &self.duration_cost,
            &self.max_distance,
            &self.max_duration,
            &self.allowed,
            &self.max_reloads,
            &self.reload_depots,
        ];
        fields.iter().all(|field| field.each.is_none())
    }

    /// One vehicle, and the visits that it may serve.
    fn vehicle(
        &self,
        vehicle: usize,
        depots: &[usize],
        visit_nodes: &[usize],
        dimensions: usize,
    ) -> Result<(VehicleType, Option<Vec<usize>>), FileError> {
        let depot_of = |line: usize, value: f64| index_in(depots, line, value, "depot");
        let ends = match self.depot.of(vehicle) {
            Some((line, values)) => {
                values.iter().map(|&value| depot_of(line, value)).collect::<Result<_, _>>()?
            }
            None => vec![0],
        };
        let mut reload_depots = match self.reload_depots.of(vehicle) {
            Some((line, values)) => {
                values.iter().map(|&value| depot_of(line, value)).collect::<Result<_, _>>()?
            }
            None => Vec::new(),
        };
        reload_depots.dedup();
        let max_reloads = match self.max_reloads.one(vehicle) {
            Some(most) => most as usize,
            None if reload_depots.is_empty() => 0,
            None => visit_nodes.len(),
        };
        let allowed = match self.allowed.of(vehicle) {
            Some((line, values)) => {
                let of = |&value: &f64| index_in(visit_nodes, line, value, "visit");
                Some(values.iter().map(of).collect::<Result<Vec<usize>, _>>()?)
            }
            None => None,
        };
        let duration = self.max_duration.one(vehicle).unwrap_or(f64::INFINITY);
        let kind = VehicleType {
            start: ends[0],
            end: ends.last().copied(),
            fixed_cost: self.fixed_cost.one(vehicle).unwrap_or(0.0),
            unit_distance_cost: self.distance_cost.one(vehicle).unwrap_or(1.0),
            unit_duration_cost: self.duration_cost.one(vehicle).unwrap_or(0.0),
            max_distance: self.max_distance.one(vehicle).unwrap_or(f64::INFINITY),
            max_duration: duration.min(self.length.unwrap_or(f64::INFINITY)),
            max_reloads,
            reload_depots,
            ..VehicleType::new(1, self.capacity_of(vehicle, dimensions)?)
        };
        Ok((kind, allowed))
    }

    fn capacity_of(&self, vehicle: usize, dimensions: usize) -> Result<Vec<f64>, FileError> {
        match self.capacity.of(vehicle) {
            None => Ok(vec![f64::INFINITY; dimensions]),
            Some((_, values)) if values.len() == dimensions => Ok(values.to_vec()),
            Some(_) if dimensions == 0 => Ok(Vec::new()),
            Some((line, values)) => {
                let found =
                    format!("there are {} capacities and {dimensions} demands of a node", values.len());
                Err(FileError::new(line, found, "give as many of both"))
            }
        }
    }
}

/// Position of the node with number `value` (from 1) in a list of nodes (from 0).
fn index_in(nodes: &[usize], line: usize, value: f64, what: &str) -> Result<usize, FileError> {
    let found = nodes.iter().position(|&node| (node + 1) as f64 == value);
    found.ok_or_else(|| {
        FileError::new(line, format!("the node {value} is no {what}"), format!("name the node of a {what}"))
    })
}
