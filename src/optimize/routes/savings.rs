//! Given visits on no route, build first routes by joining short ones where that saves most.
//!
//! Method: savings, Clarke and Wright (1964), "Scheduling of vehicles from a central depot to a
//! number of delivery points", doi:10.1287/opre.12.4.568, among the companions of each visit.
//! Cost: O(k n log n) for n visits with k companions each, and O(route) a join.
//! Use the greedy insertion of `insertion` instead when routes exist already.
//! Same input gives the same answer: yes.
//! Differs from the paper: each visit starts on the vehicle type that takes it cheapest for its
//! size; routes beyond the number of vehicles are given up, least loaded first.

use crate::control::Control;

use super::network::Network;
use super::schedule::TOLERANCE;
use super::tours::{NONE, Tours};

/// Joins, and visits whose savings are told, between two looks at the clock.
const CLOCK_JOINS: usize = 64;

struct Saving {
    amount: f64,
    from: u32,
    to: u32,
}

impl Tours<'_> {
    /// Puts visits that are on no tour on new ones as far as vehicles go; joins them while there is time.
    pub fn construct(&mut self, control: &Control) {
        let network = self.network;
        self.free.iter_mut().for_each(|count| *count = count.saturating_add(network.visits));
        for visit in 0..network.visits as u32 {
            if self.seats[visit as usize].tour != NONE {
                continue;
            }
            if let Some(kind) = cheapest_kind(network, visit) {
                let tour = self.open(kind);
                self.tours[tour].visits.push(visit);
                self.refresh(tour);
            }
        }
        for (index, saving) in self.savings(control).iter().enumerate() {
            if index.is_multiple_of(CLOCK_JOINS) && control.should_stop() {
                break;
            }
            self.join(saving);
        }
        self.give_up_excess();
        self.compact();
    }

    /// Savings, largest first; none once it is time to stop.
    fn savings(&self, control: &Control) -> Vec<Saving> {
        let network = self.network;
        let mut savings = Vec::new();
        for from in 0..network.visits as u32 {
            if (from as usize).is_multiple_of(CLOCK_JOINS) && control.should_stop() {
                return Vec::new();
            }
            let (befores, afters) = network.companions(from);
            let pairs =
                befores.iter().map(|&other| (other, from)).chain(afters.iter().map(|&other| (from, other)));
            for (from, to) in pairs.filter(|pair| pair.0 != NONE && pair.1 != NONE) {
                let (Some(a), Some(b)) = (self.tour_of(from), self.tour_of(to)) else { continue };
                let kind = &network.kinds[a.kind];
                if a.kind == b.kind && a.committed + b.committed == 0 {
                    let arcs = &network.arcs[kind.profile];
                    let amount = arcs.distance(from, kind.end) + arcs.distance(kind.start, to)
                        - arcs.distance(from, to);
                    savings.push(Saving { amount, from, to });
                }
            }
        }
        let order =
            |a: &Saving, b: &Saving| b.amount.total_cmp(&a.amount).then((a.from, a.to).cmp(&(b.from, b.to)));
        savings.sort_unstable_by(order);
        savings
    }

    fn tour_of(&self, visit: u32) -> Option<&super::tours::Tour> {
        self.tours.get(self.seats[visit as usize].tour as usize)
    }

    /// Joins the tour that ends with one visit and that which starts with the other; turns them
    /// round where time does not matter.
    fn join(&mut self, saving: &Saving) {
        let (a, b) = (self.seats[saving.from as usize], self.seats[saving.to as usize]);
        let (first, second) = (a.tour as usize, b.tour as usize);
        if first == second || !self.may_fit_together(first, second) {
            return;
        }
        let turns = !self.network.rules.timed;
        let (head, tail) = (&self.tours[first].visits, &self.tours[second].visits);
        let turns_head = head.last() != Some(&saving.from);
        let turns_tail = tail.first() != Some(&saving.to);
        let outer =
            |visits: &[u32], visit: u32| visits.first() == Some(&visit) || visits.last() == Some(&visit);
        if !outer(head, saving.from)
            || !outer(tail, saving.to)
            || (!turns && (turns_head || turns_tail || !self.meets_in_time(first, saving)))
        {
            return;
        }
        let length = head.len();
        let before = (self.tours[first].cost, self.tours[second].cost);
        let mut moved = std::mem::take(&mut self.tours[second].visits);
        if turns_tail {
            moved.reverse();
        }
        if turns_head {
            self.tours[first].visits.reverse();
        }
        self.tours[first].visits.extend_from_slice(&moved);
        if self.measure(first).is_some_and(|cost| cost < before.0 + before.1) {
            self.retire(second);
            return;
        }
        self.tours[first].visits.truncate(length);
        if turns_head {
            self.tours[first].visits.reverse();
        }
        if turns_tail {
            moved.reverse();
        }
        self.tours[second].visits = moved;
        self.refresh(first);
        self.refresh(second);
    }

    fn may_fit_together(&self, first: usize, second: usize) -> bool {
        let (a, b) = (&self.tours[first], &self.tours[second]);
        let capacity = &self.network.kinds[a.kind].capacity;
        a.load.iter().zip(&b.load).zip(capacity).all(|((a, b), most)| {
            a.delivery + b.delivery <= most + TOLERANCE && a.pickup + b.pickup <= most + TOLERANCE
        })
    }

    fn meets_in_time(&self, first: usize, saving: &Saving) -> bool {
        let kind = &self.network.kinds[self.tours[first].kind];
        let lag = self.network.arcs[kind.profile].lag(saving.from, saving.to);
        self.seats[saving.from as usize].early + lag <= self.seats[saving.to as usize].late + TOLERANCE
    }

    /// Keeps as many tours of each kind as there are vehicles, the fullest, that break no rule.
    fn give_up_excess(&mut self) {
        for index in 0..self.tours.len() {
            let is_new = !self.tours[index].visits.is_empty() && self.tours[index].committed == 0;
            if is_new && self.measure(index).is_none() {
                self.clear(index);
            }
        }
        for kind in 0..self.free.len() {
            let of_kind = |tour: &super::tours::Tour| tour.kind == kind && tour.committed == 0;
            let mut used: Vec<usize> = (0..self.tours.len())
                .filter(|&index| !self.tours[index].visits.is_empty() && of_kind(&self.tours[index]))
                .collect();
            let bulk = |index: usize| -> f64 {
                self.tours[index].visits.iter().map(|&visit| self.network.bulk[visit as usize] + 1e-6).sum()
            };
            used.sort_by(|&a, &b| bulk(b).total_cmp(&bulk(a)).then(a.cmp(&b)));
            let count = self.network.kinds[kind].count;
            for &tour in used.iter().skip(count) {
                self.clear(tour);
            }
            self.free[kind] = count - used.len().min(count);
        }
    }
}

/// The type that serves a visit alone at the least cost for its size.
fn cheapest_kind(network: &Network<'_>, visit: u32) -> Option<usize> {
    let cost = |index: usize| {
        let kind = &network.kinds[index];
        let arcs = &network.arcs[kind.profile];
        let way = arcs.distance(kind.start, visit) + arcs.distance(visit, kind.end);
        let size = kind.capacity.iter().copied().fold(f64::INFINITY, f64::min);
        (kind.fixed + kind.unit_distance * way) / if size > 0.0 && size.is_finite() { size } else { 1.0 }
    };
    let d = network.dimensions;
    let fits = |index: &usize| {
        let kind = &network.kinds[*index];
        kind.count > 0
            && network.may_serve(*index, visit)
            && cost(*index).is_finite()
            && (0..d).all(|at| {
                let slot = visit as usize * d + at;
                network.delivery[slot].max(network.pickup[slot]) <= kind.capacity[at] + TOLERANCE
            })
    };
    (0..network.kinds.len()).filter(fits).min_by(|&a, &b| cost(a).total_cmp(&cost(b)))
}
