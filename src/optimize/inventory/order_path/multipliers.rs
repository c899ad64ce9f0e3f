//! Given shortfalls of net stock, find the values of a unit of stock by period
//! and scenario that price lost demand without looking at other periods.
//!
//! With `N` the net stock if nothing were ever lost and `L` the demand lost so
//! far, stock is `N + L`, where `L` never falls and `L >= max(-N, 0)`. Pricing
//! "never falls" at `mu >= 0` leaves, with `pi_t = p_t - mu_t` (`pi_T = 0`),
//!
//! `sum_t h_t N_t + (h_t + pi_t - pi_{t+1}) max(-N_t, 0)`,
//!
//! which separates over periods and never exceeds the true cost as long as
//! `pi_t <= p_t` and `h_t + pi_t - pi_{t+1} >= 0`. For one plan the best `pi`
//! is known in closed form: `p_t` where demand is lost, `pi_{t+1} - h_t` where
//! it is not (what one more unit is worth); that makes the two costs equal.
//!
//! Method: Lagrangian relaxation; the multipliers move along an average of
//! shortfalls after F. Barahona and R. Anbil (2000), "The volume algorithm",
//! doi:10.1007/s101070050002.
//! Cost: O(S T) for each operation.
//! Use the shortage cost itself instead when unmet demand waits.
//! Not for: shortage costs that rise faster than holding cost accrues; there a
//! plan that refuses demand on purpose is priced too, and the bound is weaker.
//! Same input gives the same answer: yes.

use super::prepared::Prepared;

/// Values of stock, the kinks that follow from them, and the average shortfall.
/// All tables go period by period, scenarios within.
#[derive(Debug, Clone, Default)]
pub(crate) struct Multipliers {
    /// Values of a unit of stock (pi) at the best bound so far.
    pub centre: Vec<f64>,
    /// Values tried.
    pub trial: Vec<f64>,
    /// `h_t + pi_t - pi_{t+1}` of the trial.
    pub kinks: Vec<f64>,
    /// Shortfall of the last path, `max(-N, 0)`.
    pub shortfall: Vec<f64>,
    /// Average of the shortfalls of the paths so far.
    pub mean_shortfall: Vec<f64>,
    /// Highest and lowest values allowed, by period.
    cap: Vec<f64>,
    floor: Vec<f64>,
    raised: Vec<f64>,
    running: Vec<f64>,
}

impl Multipliers {
    /// Sets the limits of the values; false where no values are allowed at all.
    pub fn open(&mut self, prepared: &Prepared, holding: &[f64], shortage: &[f64]) -> bool {
        let cells = prepared.periods * prepared.scenarios;
        for table in [
            &mut self.centre,
            &mut self.trial,
            &mut self.kinks,
            &mut self.shortfall,
            &mut self.mean_shortfall,
        ] {
            table.clear();
            table.resize(cells, 0.0);
        }
        self.cap.clear();
        let mut cap = f64::INFINITY;
        for (h, p) in holding.iter().zip(shortage) {
            cap = cap.min(*p);
            self.cap.push(cap);
            cap += h;
        }
        let mut floor = 0.0;
        self.floor.clear();
        for h in holding.iter().rev() {
            floor -= h;
            self.floor.push(floor);
        }
        self.floor.reverse();
        cap >= 0.0
    }

    /// Shortfalls of the path of levels (in base steps) after each stage.
    pub fn read_shortfall(&mut self, prepared: &Prepared, path: &[usize]) {
        for (at, shortfall) in self.shortfall.iter_mut().enumerate() {
            let stage = prepared.stage[at] as usize;
            let supply = if stage == 0 { 0.0 } else { path[stage - 1] as f64 * prepared.unit };
            *shortfall = (prepared.need[at] - supply).max(0.0);
        }
    }

    /// Values that price the average shortfall fully: the best answer to it.
    pub fn answer(&mut self, prepared: &Prepared, holding: &[f64]) {
        let scenarios = prepared.scenarios;
        self.running.clear();
        self.running.resize(scenarios, 0.0);
        for (rows, row) in
            self.trial.chunks_exact_mut(scenarios).zip(self.mean_shortfall.chunks_exact(scenarios))
        {
            for ((most, &shortfall), value) in self.running.iter_mut().zip(row).zip(rows) {
                let lost = shortfall > *most;
                *value = if lost { 1.0 } else { 0.0 };
                *most = if lost { shortfall } else { *most };
            }
        }
        self.running.fill(0.0);
        for period in (0..prepared.periods).rev() {
            let (cap, held) = (self.cap[period], holding[period]);
            let row = &mut self.trial[period * scenarios..(period + 1) * scenarios];
            for (value, after) in row.iter_mut().zip(&mut self.running) {
                *after = if *value > 0.0 { cap } else { *after - held };
                *value = *after;
            }
        }
        self.set_kinks(prepared, holding);
    }

    /// Moves the mean shortfall by `share` towards the last one.
    pub fn average(&mut self, share: f64) {
        for (mean, last) in self.mean_shortfall.iter_mut().zip(&self.shortfall) {
            *mean += share * (last - *mean);
        }
    }

    /// The trial becomes the centre.
    pub fn accept(&mut self) {
        self.centre.copy_from_slice(&self.trial);
    }

    /// Puts the trial at the centre plus a step along the average shortfall
    /// that would, were it exact, gain `gain`; scaled by `factor`.
    pub fn step(&mut self, prepared: &Prepared, holding: &[f64], gain: f64, factor: f64) {
        let scenarios = prepared.scenarios;
        let mut square = 0.0;
        for at in 0..self.trial.len() {
            let before = if at < scenarios { 0.0 } else { self.mean_shortfall[at - scenarios] };
            let slope = self.mean_shortfall[at] - before;
            let cap = self.cap[at / scenarios];
            // A value at its cap cannot rise: that part of the slope is void.
            let slope = if slope > 0.0 && self.centre[at] >= cap { 0.0 } else { slope };
            self.trial[at] = slope;
            square += slope * slope;
        }
        let length = if square > 0.0 { factor * gain * scenarios as f64 / square } else { 0.0 };
        for (trial, centre) in self.trial.iter_mut().zip(&self.centre) {
            *trial = centre + length * *trial;
        }
        self.project(prepared, holding);
        self.set_kinks(prepared, holding);
    }

    /// Brings the trial near by into the allowed values: half way between the
    /// lowering and the raising repair, both of which are allowed.
    fn project(&mut self, prepared: &Prepared, holding: &[f64]) {
        let scenarios = prepared.scenarios;
        for (period, row) in self.trial.chunks_exact_mut(scenarios).enumerate() {
            let (floor, cap) = (self.floor[period], self.cap[period]);
            row.iter_mut().for_each(|value| *value = value.max(floor).min(cap));
        }
        self.raised.clear();
        self.raised.extend_from_slice(&self.trial);
        for at in (0..self.trial.len().saturating_sub(scenarios)).rev() {
            let least = self.raised[at + scenarios] - holding[at / scenarios];
            self.raised[at] = self.raised[at].max(least);
        }
        for at in scenarios..self.trial.len() {
            let most = self.trial[at - scenarios] + holding[at / scenarios - 1];
            self.trial[at] = self.trial[at].min(most);
        }
        for (value, raised) in self.trial.iter_mut().zip(&self.raised) {
            *value = 0.5 * (*value + raised);
        }
    }

    fn set_kinks(&mut self, prepared: &Prepared, holding: &[f64]) {
        let scenarios = prepared.scenarios;
        for (period, held) in holding.iter().enumerate() {
            for at in period * scenarios..(period + 1) * scenarios {
                let after = self.trial.get(at + scenarios).copied().unwrap_or(0.0);
                self.kinks[at] = (held + self.trial[at] - after).max(0.0);
            }
        }
    }
}
