//! Given what vehicles report now, how far the next hours lie above or below
//! the usual: a common residual of each class and area that decays.

use std::collections::{BTreeMap, HashMap};

use super::{DAY, Roads, TravelTimes, Trip, usable};

/// How common residuals arise and decay, fitted on history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// Variance of one trip's residual over that of the common one; infinite where nothing is common.
    weight: f64,
    /// Seconds after which a common residual is down to 37 %.
    memory_seconds: f64,
}

/// Common residuals at a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Residuals {
    of_group: HashMap<(u32, u32), f64>,
    now: f64,
    memory_seconds: f64,
}

/// Least and greatest memory.
const MEMORY: [f64; 2] = [300.0, 6.0 * 3600.0];

/// Sum of residuals, of their squares, and their number.
type Sums = (f64, f64, f64);

impl Live {
    /// Memory in seconds; 0 where history shows nothing in common.
    #[must_use]
    pub fn memory_seconds(&self) -> f64 {
        self.memory_seconds
    }

    pub(super) fn fit(roads: &Roads, trips: &[Trip], residuals: &[f64], slots: usize) -> Self {
        let length = DAY / slots as f64;
        let mut cells: BTreeMap<(u32, u32, i64), Sums> = BTreeMap::new();
        for (trip, &left) in trips.iter().zip(residuals) {
            let (class, area) = group(roads, trip.road);
            let slot = i64::from(trip.day) * slots as i64 + (trip.second / length) as i64;
            // A jam counts, an accident on one road does not decide.
            let left = left.clamp(-1.0, 1.0);
            let cell = cells.entry((class, area, slot)).or_default();
            *cell = (cell.0 + left, cell.1 + left * left, cell.2 + 1.0);
        }
        let (mut within, mut free) = (0.0, 0.0);
        for (sum, squares, count) in cells.values().filter(|cell| cell.2 > 1.0) {
            within += squares - sum * sum / count;
            free += count - 1.0;
        }
        let noise = within / f64::max(free, 1.0);
        let filled = cells.values().filter(|cell| cell.2 > 1.0);
        let (common, count) = filled.fold((0.0, 0.0), |(common, count), cell| {
            (common + (cell.0 / cell.2).powi(2) - noise / cell.2, count + 1.0)
        });
        let common = common / f64::max(count, 1.0);
        let (mut product, mut pairs) = (0.0, 0.0);
        for (&(class, area, slot), cell) in &cells {
            if let Some(next) = cells.get(&(class, area, slot + 1)) {
                product += (cell.0 / cell.2) * (next.0 / next.2);
                pairs += 1.0;
            }
        }
        if !(common > 0.0 && product > 0.0) {
            return Live { weight: f64::INFINITY, memory_seconds: 0.0 };
        }
        let correlation = (product / pairs / common).min(0.999);
        let memory_seconds = (-length / correlation.ln()).clamp(MEMORY[0], MEMORY[1]);
        Live { weight: noise / common, memory_seconds }
    }
}

impl TravelTimes {
    /// Common residuals at `second` of `day`, from the trips of that day that had ended by then; those with
    /// a road that is not there, or a ratio that is no number above 0, count for nothing.
    #[must_use]
    pub fn residuals(&self, trips: &[Trip], day: i32, second: f64) -> Residuals {
        let Live { weight, memory_seconds } = self.live;
        let mut sums: HashMap<(u32, u32), (f64, f64)> = HashMap::new();
        let is_known = |trip: &&Trip| trip.day == day && trip.second < second && usable(trip, &self.roads);
        for trip in trips.iter().filter(is_known) {
            let share = (-(second - trip.second) / memory_seconds.max(1.0)).exp();
            let left = self.residual(trip).clamp(-1.0, 1.0);
            let entry = sums.entry(group(&self.roads, trip.road)).or_default();
            *entry = (entry.0 + share * left, entry.1 + share);
        }
        let of_group = sums.into_iter().map(|(key, (sum, share))| (key, sum / (share + weight))).collect();
        Residuals { of_group, now: second, memory_seconds }
    }

    /// Logarithm by which `road` lies above its usual at a `second` counted from the same midnight.
    #[must_use]
    pub fn above_usual(&self, residuals: &Residuals, road: u32, second: f64) -> f64 {
        let level = residuals.of_group.get(&group(&self.roads, road)).copied().unwrap_or(0.0);
        level * (-(second - residuals.now).max(0.0) / residuals.memory_seconds.max(1.0)).exp()
    }
}

fn group(roads: &Roads, road: u32) -> (u32, u32) {
    (roads.class[road as usize], roads.area[road as usize])
}
