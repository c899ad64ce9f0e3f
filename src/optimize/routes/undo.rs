//! Tours as they were before a change, to go back to.

use super::segment::Load;
use super::tours::{NONE, Tour, Tours};

/// Copies of the tours that one change touched.
pub(super) struct Undo {
    /// Index and copy of each tour touched; entries behind `count` are kept for their memory.
    saved: Vec<(u32, Tour)>,
    count: usize,
    /// Change in which each tour was saved last.
    stamps: Vec<u64>,
    stamp: u64,
    free: Vec<usize>,
    slots: Vec<u32>,
}

impl Undo {
    pub fn new() -> Self {
        Undo {
            saved: Vec::new(),
            count: 0,
            stamps: Vec::new(),
            stamp: 0,
            free: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// Starts a change.
    pub fn begin(&mut self, tours: &Tours<'_>) {
        self.count = 0;
        self.stamp += 1;
        self.free.clone_from(&tours.free);
        self.slots.clone_from(&tours.slots);
    }

    /// Whether a tour was saved in this change.
    pub fn holds(&self, tour: u32) -> bool {
        self.stamps.get(tour as usize) == Some(&self.stamp)
    }

    /// Saves a tour, once in a change.
    pub fn save(&mut self, tours: &Tours<'_>, tour: u32) {
        if self.holds(tour) {
            return;
        }
        if self.stamps.len() <= tour as usize {
            self.stamps.resize(tour as usize + 1, 0);
        }
        self.stamps[tour as usize] = self.stamp;
        if self.count == self.saved.len() {
            self.saved.push((tour, Tour::default()));
        }
        let slot = &mut self.saved[self.count];
        slot.0 = tour;
        copy(&tours.tours[tour as usize], &mut slot.1);
        self.count += 1;
    }

    /// The tours touched, and their cost before.
    pub fn touched(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.saved[..self.count].iter().map(|(tour, saved)| (*tour, saved.cost))
    }

    /// Goes back to where the change began.
    pub fn restore(&mut self, tours: &mut Tours<'_>) {
        for (tour, _) in &self.saved[..self.count] {
            for at in 0..tours.tours[*tour as usize].visits.len() {
                tours.seats[tours.tours[*tour as usize].visits[at] as usize].tour = NONE;
            }
        }
        for (tour, saved) in &mut self.saved[..self.count] {
            std::mem::swap(&mut tours.tours[*tour as usize], saved);
            if !tours.tours[*tour as usize].visits.is_empty() {
                tours.refresh(*tour as usize);
            }
        }
        tours.free.clone_from(&self.free);
        tours.slots.clone_from(&self.slots);
        // Tours added by the change are empty now, and slots.
        let known = tours.tours.len();
        let added = self.saved[..self.count].iter().map(|(tour, _)| *tour).filter(|tour| {
            tours.tours[*tour as usize].visits.is_empty()
                && !self.slots.contains(tour)
                && (*tour as usize) < known
        });
        let added: Vec<u32> = added.collect();
        tours.slots.extend(added);
    }
}

fn copy(from: &Tour, to: &mut Tour) {
    to.kind = from.kind;
    to.visits.clone_from(&from.visits);
    to.committed = from.committed;
    to.distance = from.distance;
    to.duration = from.duration;
    to.release = from.release;
    to.cost = from.cost;
    to.load.clear();
    to.load.extend_from_slice(&from.load as &[Load]);
}
