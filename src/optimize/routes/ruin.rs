//! Given routes, take out strings of visits that lie near each other.
//!
//! Method: adjacent string removal, Christiaens and Vanden Berghe (2020), "Slack induction by string
//! removals for vehicle routing problems", doi:10.1287/trsc.2019.0914, with the paper's values.
//! Cost: O(visits of the routes touched).
//! Same random numbers give the same answer: yes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::problem::Backhauls;
use super::tours::{NONE, Tours};
use super::undo::Undo;

/// Longest string taken out of one route.
const LONGEST_STRING: f64 = 10.0;
/// Share of strings that keep some visits inside.
const SPLIT_SHARE: f64 = 0.5;
/// Chance that a string keeps one more.
const KEEP_MORE: f64 = 0.01;
/// Near visits among which those on no route are tried again.
const NEAR_ABSENT: usize = 100;
/// Most of them at once.
const MOST_ABSENT: usize = 10;

impl Tours<'_> {
    /// Takes visits around a random one out, into `absent`, followed by some that were on no route
    /// before; returns how many were taken out.
    pub fn ruin(
        &mut self,
        absent: &mut Vec<u32>,
        undo: &mut Undo,
        unserved: usize,
        removed: f64,
        rng: &mut ChaCha8Rng,
    ) -> usize {
        let network = self.network;
        let seed = rng.random_range(0..network.visits) as u32;
        let used = (self.tours.len() - self.slots.len()).max(1);
        let average = (network.visits - unserved) as f64 / used as f64;
        let longest = LONGEST_STRING.min(average).max(1.0);
        let most = (4.0 * removed / (1.0 + longest) - 1.0).max(1.0);
        let strings = rng.random_range(1.0..most + 1.0) as usize;
        let mut ruined = 0;
        let near = network.neighbours(seed);
        for &visit in [seed].iter().chain(near) {
            if ruined >= strings {
                break;
            }
            let seat = self.seats[visit as usize];
            if seat.tour == NONE || undo.holds(seat.tour) {
                continue;
            }
            let tour = &self.tours[seat.tour as usize];
            if (seat.position as usize) < tour.committed {
                continue;
            }
            let length = longest.min((tour.visits.len() - tour.committed) as f64);
            let length = rng.random_range(1.0..length + 1.0) as usize;
            undo.save(self, seat.tour);
            self.remove_string(seat.tour as usize, seat.position as usize, length, absent, rng);
            ruined += 1;
        }
        let removed = absent.len();
        if unserved > 0 {
            let waits = |&visit: &u32| self.seats[visit as usize].tour == NONE;
            let candidates = [seed].into_iter().chain(near.iter().copied().take(NEAR_ABSENT)).filter(waits);
            for visit in candidates {
                if absent.len() - removed >= MOST_ABSENT {
                    break;
                }
                if !absent[..removed].contains(&visit) && rng.random_bool(0.5) {
                    absent.push(visit);
                }
            }
        }
        removed
    }

    /// Takes `length` visits of a tour out, one of them that at `position`.
    fn remove_string(
        &mut self,
        index: usize,
        position: usize,
        length: usize,
        absent: &mut Vec<u32>,
        rng: &mut ChaCha8Rng,
    ) {
        let tour = &mut self.tours[index];
        let (first, size) = (tour.committed, tour.visits.len());
        let mut kept = 0;
        if length > 1 && first + length < size && rng.random_bool(SPLIT_SHARE) {
            kept = 1;
            while first + length + kept < size && rng.random_bool(KEEP_MORE) {
                kept += 1;
            }
        }
        let span = length + kept;
        let lowest = first.max((position + 1).saturating_sub(span));
        let start = rng.random_range(lowest..=position.min(size - span));
        let keep_from = start + if kept > 0 { rng.random_range(1..length.max(2)) } else { length };
        let is_kept = |at: usize| at >= keep_from && at < keep_from + kept;
        let seats = &mut self.seats;
        let mut at = 0;
        tour.visits.retain(|&visit| {
            let stays = at < start || at >= start + span || is_kept(at);
            at += 1;
            if !stays {
                seats[visit as usize].tour = NONE;
                absent.push(visit);
            }
            stays
        });
        self.settle(index, absent);
    }

    /// Brings a tour that lost visits in order: one that is empty or breaks a rule without them is cleared.
    fn settle(&mut self, index: usize, absent: &mut Vec<u32>) {
        let alone = self.network.rules.backhauls == Backhauls::LastAndNeverAlone;
        let only_loads = self.tours[index]
            .visits
            .first()
            .is_some_and(|&visit| self.network.nodes[visit as usize].backhaul);
        let broken = (alone && only_loads) || !self.refresh(index);
        if self.tours[index].visits.is_empty() || (broken && self.tours[index].committed == 0) {
            absent.extend_from_slice(&self.tours[index].visits);
            self.clear(index);
        }
    }
}
