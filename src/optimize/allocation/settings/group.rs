//! A table of lower bounds over all settings of the switches that some parts share.
//!
//! What a part answers to a setting bounds every setting that closes as much and more; the table
//! tells which setting looks cheapest, what no setting undercuts, and when nothing more can be learnt.
//! Cost: parts x 2^switches numbers; one answer raises at most 2^switches of them.

/// Settings that close no more than this many switches are asked first: they say most about others.
const SEED_CLOSED: u32 = 2;
/// A part is settled where its value and bound differ by less than this share.
const SETTLED: f64 = 1e-7;

/// What a part answered to a setting.
pub(super) struct Known {
    pub closed: usize,
    /// Switches of the group that the answer uses.
    pub used: usize,
    pub value: f64,
}

/// Switches that parts share, and those parts.
pub(super) struct Group {
    pub switches: Vec<usize>,
    pub parts: Vec<u32>,
    /// What an open switch costs, less what its priced rows are worth.
    pub charge: Vec<f64>,
    /// Lower bound of each part in each setting, part by part.
    pub floors: Vec<f64>,
    /// Lower bound of each setting.
    pub total: Vec<f64>,
    pub known: Vec<Vec<Known>>,
    pub asked: usize,
    /// Value and setting of the cheapest that was asked.
    pub best: (f64, usize),
}

impl Group {
    pub fn new(switches: Vec<usize>, parts: Vec<u32>, charge: Vec<f64>) -> Self {
        let settings = 1 << switches.len();
        let known = parts.iter().map(|_| Vec::new()).collect();
        let floors = vec![f64::NEG_INFINITY; parts.len() * settings];
        let total = vec![f64::NEG_INFINITY; settings];
        Group { switches, parts, charge, floors, total, known, asked: 0, best: (f64::INFINITY, 0) }
    }

    pub fn charges(&self, closed: usize) -> f64 {
        self.charge
            .iter()
            .enumerate()
            .filter(|(bit, _)| closed >> bit & 1 == 0)
            .map(|(_, charge)| charge)
            .sum()
    }

    /// The least that the group costs.
    pub fn bound(&self) -> f64 {
        self.total.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub fn gap(&self) -> f64 {
        self.best.0 - self.bound()
    }

    /// The setting that looks cheapest; small ones first.
    pub fn next(&self) -> usize {
        let cheapest = |settings: &mut dyn Iterator<Item = usize>| {
            settings.min_by(|&a, &b| self.total[a].total_cmp(&self.total[b]).then(a.cmp(&b)))
        };
        let is_seed = |setting: &usize| {
            setting.count_ones() <= SEED_CLOSED
                && self.total[*setting] < self.best.0
                && (0..self.parts.len()).any(|place| !self.is_settled(place, *setting))
        };
        let all = 0..self.total.len();
        cheapest(&mut all.clone().filter(is_seed)).or_else(|| cheapest(&mut all.clone())).unwrap_or(0)
    }

    /// Whether more could be learnt: the cheapest setting is not settled, nor were `most` asked.
    pub fn is_open(&self, most: usize) -> bool {
        let next = self.next();
        let unsettled = (0..self.parts.len()).any(|place| !self.is_settled(place, next));
        self.asked < most && (unsettled || self.asked == 0)
    }

    /// The value of a part in a setting, from the answers to it and to settings that close less.
    pub fn value_of(&self, place: usize, closed: usize) -> Option<f64> {
        let fits = |known: &&Known| known.closed & !closed == 0 && known.used & closed == 0;
        self.known[place].iter().filter(fits).map(|known| known.value).reduce(f64::min)
    }

    pub fn is_settled(&self, place: usize, closed: usize) -> bool {
        if self.known[place].iter().any(|known| known.closed == closed) {
            return true;
        }
        let floor = self.floors[place * self.total.len() + closed];
        self.value_of(place, closed).is_some_and(|value| value - floor <= SETTLED * value.abs())
    }

    /// Raises the bound of every setting that closes as much and more.
    pub fn learn(&mut self, place: usize, known: Known, bound: f64) {
        let free = (self.total.len() - 1) & !known.closed;
        let floors = &mut self.floors[place * self.total.len()..(place + 1) * self.total.len()];
        let mut more = free;
        loop {
            let floor = &mut floors[known.closed | more];
            *floor = floor.max(bound);
            if more == 0 {
                break;
            }
            more = (more - 1) & free;
        }
        self.known[place].push(known);
    }

    /// Sums the bounds again and takes the setting if it is the cheapest asked.
    pub fn finish(&mut self, closed: usize) {
        self.asked += 1;
        let settings = self.total.len();
        for setting in 0..settings {
            let parts = (0..self.parts.len()).map(|place| self.floors[place * settings + setting]);
            self.total[setting] = parts.sum::<f64>() + self.charges(setting);
        }
        let values: Option<f64> = (0..self.parts.len()).map(|place| self.value_of(place, closed)).sum();
        if let Some(value) = values.map(|value| value + self.charges(closed))
            && value < self.best.0
        {
            self.best = (value, closed);
        }
    }
}
