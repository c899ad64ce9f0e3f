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

use std::collections::HashMap;

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

/// Choices of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct TravelOptions {
    /// Slots of a day, 1 to 1,440.
    pub slots: usize,
    /// Rounds over all effects, 1 or more.
    pub rounds: usize,
}

impl Default for TravelOptions {
    fn default() -> Self {
        TravelOptions { slots: 48, rounds: 3 }
    }
}

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Trips under stated conditions that weigh as much as what is stated.
const STATED_WEIGHT: f64 = 20.0;
/// Trips of a slot that weigh as much as its class for the spread.
const SPREAD_WEIGHT: f64 = 20.0;

/// A fitted model.
#[derive(Debug, Clone)]
pub struct TravelTimes {
    slots: usize,
    roads: Roads,
    /// By class, kind of day and weekday, each by slot; by road; by road and hour.
    class: Vec<f64>,
    slot: Effects,
    kind: Effects,
    weekday: Effects,
    road: Effects,
    hours: HashMap<u64, u32>,
    hour: Effects,
    /// Exponent of stated factors.
    exponent: f64,
    /// Standard deviation of the logarithm by class and slot.
    spread: Vec<f64>,
    live: Live,
}

/// Groups of one trip.
struct Groups {
    class: usize,
    slot: usize,
    kind: usize,
    weekday: usize,
    road: usize,
    hour: u64,
}

impl TravelTimes {
    /// Fits the effects on `trips`; those with a road that is not there, or a ratio
    /// that is no number above 0, count for nothing.
    ///
    /// ```
    /// use purvey::predict::travel::{Roads, TravelOptions, TravelTimes, Trip};
    /// let roads = Roads { class: vec![0, 0], area: vec![0, 0] };
    /// let trips: Vec<Trip> = (0..400)
    ///     .map(|at| Trip { road: at % 2, day: (at / 20) as i32, second: 28_800.0, ratio: 1.5, stated: 0.0 })
    ///     .collect();
    /// let fitted = TravelTimes::fit(roads, &trips, &TravelOptions::default());
    /// assert!((fitted.ratio(0, 3, 28_800.0, 0.0) - 1.5).abs() < 1e-9);
    /// ```
    #[must_use]
    pub fn fit(roads: Roads, trips: &[Trip], options: &TravelOptions) -> Self {
        let trips: Vec<Trip> = trips.iter().filter(|trip| usable(trip, &roads)).copied().collect();
        let mut model = TravelTimes::empty(roads, options);
        let groups: Vec<Groups> = trips.iter().map(|trip| model.groups(trip)).collect();
        for group in &groups {
            let next = model.hours.len() as u32;
            model.hours.entry(group.hour).or_insert(next);
        }
        let mut residuals: Vec<f64> = trips.iter().map(|trip| trip.ratio.ln() - trip.stated).collect();
        let of_hour: Vec<usize> = groups.iter().map(|group| model.hours[&group.hour] as usize).collect();
        model.centre(&groups, &mut residuals);
        for _ in 0..options.rounds.max(1) {
            model.slot.refine(&mut residuals, |trip| groups[trip].slot);
            model.kind.refine(&mut residuals, |trip| groups[trip].kind);
            model.weekday.refine(&mut residuals, |trip| groups[trip].weekday);
            model.road.refine(&mut residuals, |trip| groups[trip].road);
            model.hour.refine(&mut residuals, |trip| of_hour[trip]);
            model.weigh_stated(&trips, &mut residuals);
        }
        model.measure_spread(&groups, &residuals);
        model.live = Live::fit(&model.roads, &trips, &residuals, model.slots);
        model
    }

    fn empty(roads: Roads, options: &TravelOptions) -> Self {
        let classes = roads.class.iter().max().map_or(1, |&most| most as usize + 1);
        let slots = options.slots.clamp(1, 1440);
        TravelTimes {
            slots,
            class: vec![0.0; classes],
            slot: Effects::default(),
            kind: Effects::default(),
            weekday: Effects::default(),
            road: Effects::default(),
            hours: HashMap::new(),
            hour: Effects::default(),
            exponent: 1.0,
            spread: vec![0.0; classes * slots],
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

    fn measure_spread(&mut self, groups: &[Groups], residuals: &[f64]) {
        let mut of_slot: Vec<Vec<f64>> = vec![Vec::new(); self.spread.len()];
        let mut of_class: Vec<Vec<f64>> = vec![Vec::new(); self.class.len()];
        for (group, &left) in groups.iter().zip(residuals) {
            of_slot[group.slot].push(left);
            of_class[group.class].push(left);
        }
        let of_class: Vec<f64> = of_class.iter_mut().map(|left| spread(left)).collect();
        for (slot, left) in of_slot.iter_mut().enumerate() {
            let (count, prior) = (left.len() as f64, of_class[slot / self.slots]);
            let own = count * spread(left).powi(2);
            self.spread[slot] = ((own + SPREAD_WEIGHT * prior * prior) / (count + SPREAD_WEIGHT)).sqrt();
        }
    }

    fn groups(&self, trip: &Trip) -> Groups {
        let weekday = trip.day.rem_euclid(7) as usize;
        self.groups_at(trip.road, weekday, trip.second)
    }

    fn groups_at(&self, road: u32, weekday: usize, second: f64) -> Groups {
        let class = self.roads.class[road as usize] as usize;
        let slot = ((second / DAY * self.slots as f64) as usize).min(self.slots - 1);
        let kind = weekday.saturating_sub(4);
        let hour = ((second / 3600.0) as u64).min(23);
        Groups {
            class,
            slot: class * self.slots + slot,
            kind: (class * 3 + kind) * self.slots + slot,
            weekday: (class * 7 + weekday) * self.slots + slot,
            road: road as usize,
            hour: (u64::from(road) * 3 + kind as u64) * 24 + hour,
        }
    }

    /// Slots of a day.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
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
        (self.level(&groups) + deviations * self.spread[groups.slot]).exp()
    }

    fn level(&self, groups: &Groups) -> f64 {
        let hour = self.hours.get(&groups.hour).map_or(0.0, |&at| self.hour.of(at as usize));
        self.class[groups.class]
            + self.slot.of(groups.slot)
            + self.kind.of(groups.kind)
            + self.weekday.of(groups.weekday)
            + self.road.of(groups.road)
            + hour
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
