//! Given trips of the past, predict the travel time on each road by weekday and
//! time of day, its spread, and how what is seen now wears off.
//!
//! Method: the logarithm of travel time over free-flow time is a sum of
//! effects: road class by time slot, by kind of day, by weekday; the road; the
//! road by hour. Each is a median of what the effects before it leave, shrunk
//! to zero by its own uncertainty (empirical Bayes on medians: Morris 1983,
//! doi:10.1080/01621459.1983.10477920; medians as in Tukey's median polish),
//! so that one jam moves little and a road with few trips keeps to its class.
//! Stated conditions (weather) have one fitted exponent. Common residuals of a
//! class and area decay to zero with a memory fitted on their own history.
//! Cost: O(trips log trips) a round; memory O(trips + roads + classes x slots).
//! Not for: roads without a free-flow time.
//! Same input gives the same answer: yes.

mod effects;
mod live;
#[cfg(test)]
mod tests;

use effects::{Effects, median, spread};
pub use live::{Live, Residuals};

/// One trip over one road.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trip {
    /// Index of the road.
    pub road: u32,
    /// Day of departure, counted from any Monday.
    pub day: i32,
    /// Seconds after midnight, below 86,400.
    pub second: f64,
    /// Travel time over free-flow time, above 0.
    pub ratio: f64,
    /// Logarithm of the factor that known conditions state for it, 0 for none.
    pub stated: f64,
}

/// What is known of the roads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roads {
    /// Class of each road, counted from 0.
    pub class: Vec<u32>,
    /// Area of each road, counted from 0.
    pub area: Vec<u32>,
}

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Slots of a day.
const SLOTS: usize = 48;
/// Rounds over all effects; after them they hardly move.
const ROUNDS: usize = 3;
/// Trips under stated conditions that weigh as much as what is stated.
const STATED_WEIGHT: f64 = 20.0;
/// Trips of a slot that weigh as much as its class for the spread.
const SPREAD_WEIGHT: f64 = 20.0;

/// A fitted model.
#[derive(Debug, Clone)]
pub struct TravelTimes {
    roads: Roads,
    /// By class, kind of day and weekday, each by slot; by road; by road and hour.
    class: Vec<f64>,
    slot: Effects,
    kind: Effects,
    weekday: Effects,
    road: Effects,
    hour: Effects,
    /// Exponent of stated factors.
    exponent: f64,
    /// Standard deviation of the logarithm by class, and by slot as `slot` holds them.
    class_spread: Vec<f64>,
    spread: Vec<f64>,
    live: Live,
}

/// Groups of one trip.
struct Groups {
    class: usize,
    slot: u64,
    kind: u64,
    weekday: u64,
    road: u64,
    hour: u64,
}

impl TravelTimes {
    /// Fits the effects on `trips`; those with a road that is not there, or a ratio
    /// that is no number above 0, count for nothing.
    ///
    /// ```
    /// use purvey::predict::travel::{Roads, TravelTimes, Trip};
    /// let roads = Roads { class: vec![0, 0], area: vec![0, 0] };
    /// let trips: Vec<Trip> = (0..400)
    ///     .map(|at| Trip { road: at % 2, day: (at / 20) as i32, second: 28_800.0, ratio: 1.5, stated: 0.0 })
    ///     .collect();
    /// let fitted = TravelTimes::fit(roads, &trips);
    /// assert!((fitted.ratio(0, 3, 28_800.0, 0.0) - 1.5).abs() < 1e-9);
    /// ```
    #[must_use]
    pub fn fit(roads: Roads, trips: &[Trip]) -> Self {
        let trips: Vec<Trip> = trips.iter().filter(|trip| usable(trip, &roads)).copied().collect();
        let mut model = TravelTimes::empty(roads);
        let groups: Vec<Groups> = trips.iter().map(|trip| model.groups(trip)).collect();
        let of_slot = model.slot.occur(groups.iter().map(|group| group.slot));
        let of_kind = model.kind.occur(groups.iter().map(|group| group.kind));
        let of_weekday = model.weekday.occur(groups.iter().map(|group| group.weekday));
        let of_road = model.road.occur(groups.iter().map(|group| group.road));
        let of_hour = model.hour.occur(groups.iter().map(|group| group.hour));
        let mut residuals: Vec<f64> = trips.iter().map(|trip| trip.ratio.ln() - trip.stated).collect();
        model.centre(&groups, &mut residuals);
        for _ in 0..ROUNDS {
            model.slot.refine(&mut residuals, &of_slot);
            model.kind.refine(&mut residuals, &of_kind);
            model.weekday.refine(&mut residuals, &of_weekday);
            model.road.refine(&mut residuals, &of_road);
            model.hour.refine(&mut residuals, &of_hour);
            model.weigh_stated(&trips, &mut residuals);
        }
        model.measure_spread(&groups, &of_slot, &residuals);
        model.live = Live::fit(&model.roads, &trips, &residuals, SLOTS);
        model
    }

    fn empty(roads: Roads) -> Self {
        let classes = roads.class.iter().max().map_or(1, |&most| most as usize + 1);
        TravelTimes {
            class: vec![0.0; classes],
            slot: Effects::default(),
            kind: Effects::default(),
            weekday: Effects::default(),
            road: Effects::default(),
            hour: Effects::default(),
            exponent: 1.0,
            class_spread: vec![0.0; classes],
            spread: Vec::new(),
            live: Live::default(),
            roads,
        }
    }

    /// Takes the median of each class from the residuals.
    fn centre(&mut self, groups: &[Groups], residuals: &mut [f64]) {
        let mut of_class: Vec<Vec<f64>> = vec![Vec::new(); self.class.len()];
        groups.iter().zip(residuals.iter()).for_each(|(group, &left)| of_class[group.class].push(left));
        self.class = of_class.into_iter().map(|mut left| median(&mut left).unwrap_or(0.0)).collect();
        groups.iter().zip(residuals).for_each(|(group, left)| *left -= self.class[group.class]);
    }

    /// Moves the exponent of stated factors to the slope of least absolute residuals.
    fn weigh_stated(&mut self, trips: &[Trip], residuals: &mut [f64]) {
        let mut slopes: Vec<(f64, f64)> = trips
            .iter()
            .zip(residuals.iter())
            .filter(|(trip, _)| trip.stated != 0.0)
            .map(|(trip, left)| (left / trip.stated, trip.stated.abs()))
            .collect();
        if slopes.is_empty() {
            return;
        }
        slopes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let half = 0.5 * slopes.iter().map(|slope| slope.1).sum::<f64>();
        let mut passed = 0.0;
        let middle = slopes.iter().find(|slope| {
            passed += slope.1;
            passed >= half
        });
        let count = slopes.len() as f64;
        let fitted = self.exponent + middle.map_or(0.0, |slope| slope.0);
        let exponent = (count * fitted + STATED_WEIGHT) / (count + STATED_WEIGHT);
        let change = exponent - self.exponent;
        self.exponent = exponent;
        trips.iter().zip(residuals).for_each(|(trip, left)| *left -= change * trip.stated);
    }

    fn measure_spread(&mut self, groups: &[Groups], of_slot: &[u32], residuals: &[f64]) {
        let mut in_slot: Vec<Vec<f64>> = vec![Vec::new(); self.slot.len()];
        let mut in_class: Vec<Vec<f64>> = vec![Vec::new(); self.class.len()];
        let mut class_of: Vec<usize> = vec![0; self.slot.len()];
        for ((group, &slot), &left) in groups.iter().zip(of_slot).zip(residuals) {
            in_slot[slot as usize].push(left);
            in_class[group.class].push(left);
            class_of[slot as usize] = group.class;
        }
        self.class_spread = in_class.iter_mut().map(|left| spread(left)).collect();
        let of = |(left, class): (&mut Vec<f64>, usize)| {
            let (count, prior) = (left.len() as f64, self.class_spread[class]);
            let own = count * spread(left).powi(2);
            ((own + SPREAD_WEIGHT * prior * prior) / (count + SPREAD_WEIGHT)).sqrt()
        };
        self.spread = in_slot.iter_mut().zip(class_of).map(of).collect();
    }

    fn groups(&self, trip: &Trip) -> Groups {
        let weekday = trip.day.rem_euclid(7) as usize;
        self.groups_at(trip.road, weekday, trip.second)
    }

    fn groups_at(&self, road: u32, weekday: usize, second: f64) -> Groups {
        let class = self.roads.class[road as usize];
        let (of_class, slots) = (u64::from(class), SLOTS as u64);
        let slot = ((second / DAY * SLOTS as f64) as u64).min(slots - 1);
        let kind = weekday.saturating_sub(4) as u64;
        let hour = ((second / 3600.0) as u64).min(23);
        Groups {
            class: class as usize,
            slot: of_class * slots + slot,
            kind: (of_class * 3 + kind) * slots + slot,
            weekday: (of_class * 7 + weekday as u64) * slots + slot,
            road: u64::from(road),
            hour: (u64::from(road) * 3 + kind) * 24 + hour,
        }
    }

    /// Slots of a day.
    #[must_use]
    pub fn slots(&self) -> usize {
        SLOTS
    }

    /// Exponent to which stated factors came true; 1 as stated, 0 not at all.
    #[must_use]
    pub fn exponent(&self) -> f64 {
        self.exponent
    }

    /// How residuals of now decay.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Travel time over free-flow time on `road` at a weekday (0 Monday) and
    /// second of the day, `deviations` standard deviations above the median.
    ///
    /// # Panics
    /// Never for a road of the fit and a weekday below 7.
    #[must_use]
    pub fn ratio(&self, road: u32, weekday: usize, second: f64, deviations: f64) -> f64 {
        let groups = self.groups_at(road, weekday, second);
        let spread =
            self.slot.place(groups.slot).map_or(self.class_spread[groups.class], |at| self.spread[at]);
        (self.level(&groups) + deviations * spread).exp()
    }

    fn level(&self, groups: &Groups) -> f64 {
        self.class[groups.class]
            + self.slot.of(groups.slot)
            + self.kind.of(groups.kind)
            + self.weekday.of(groups.weekday)
            + self.road.of(groups.road)
            + self.hour.of(groups.hour)
    }

    /// What the fit leaves of a trip: logarithm of its time over the predicted one.
    #[must_use]
    pub fn residual(&self, trip: &Trip) -> f64 {
        trip.ratio.ln() - self.exponent * trip.stated - self.level(&self.groups(trip))
    }
}

fn usable(trip: &Trip, roads: &Roads) -> bool {
    (trip.road as usize) < roads.class.len().min(roads.area.len())
        && trip.ratio > 0.0
        && trip.ratio.is_finite()
        && (0.0..DAY).contains(&trip.second)
        && trip.stated.is_finite()
}
