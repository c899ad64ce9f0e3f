//! Routes met on the way of a search, each set of visits once, to be put together anew.

use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A route of the pool.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub kind: usize,
    pub visits: Vec<u32>,
    pub cost: f64,
}

/// The cheapest route of each set of visits and kind of vehicle; the newest ones when it is full.
pub(super) struct Pool {
    routes: Vec<Known>,
    place_by_key: HashMap<u64, usize>,
    /// A random number for each visit; those of a set added up tell it from others.
    keys: Vec<u64>,
    most: usize,
    /// Where the next route goes once the pool is full.
    next: usize,
    key_of: Vec<u64>,
}

impl Pool {
    pub fn new(visits: usize, most: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(visits as u64);
        Pool {
            routes: Vec::new(),
            place_by_key: HashMap::new(),
            keys: (0..visits).map(|_| random.random()).collect(),
            most,
            next: 0,
            key_of: Vec::new(),
        }
    }

    pub fn routes(&self) -> &[Known] {
        &self.routes
    }

    /// Where the route of these visits stands.
    pub fn place_of(&self, kind: usize, visits: &[u32]) -> Option<usize> {
        self.place_by_key.get(&self.key(kind, visits)).copied()
    }

    fn key(&self, kind: usize, visits: &[u32]) -> u64 {
        let sum = visits.iter().fold(0_u64, |sum, &visit| sum.wrapping_add(self.keys[visit as usize]));
        sum.wrapping_add((kind as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub fn add(&mut self, kind: usize, visits: &[u32], cost: f64) {
        if visits.is_empty() || self.most == 0 {
            return;
        }
        let key = self.key(kind, visits);
        if let Some(&place) = self.place_by_key.get(&key) {
            let known = &mut self.routes[place];
            if cost < known.cost {
                known.cost = cost;
                known.visits.clear();
                known.visits.extend_from_slice(visits);
            }
            return;
        }
        let place = if self.routes.len() < self.most {
            self.routes.push(Known { kind, visits: visits.to_vec(), cost });
            self.key_of.push(key);
            self.routes.len() - 1
        } else {
            let place = self.next;
            self.next = (place + 1) % self.most;
            self.place_by_key.remove(&self.key_of[place]);
            self.key_of[place] = key;
            let old = &mut self.routes[place];
            (old.kind, old.cost) = (kind, cost);
            old.visits.clear();
            old.visits.extend_from_slice(visits);
            place
        };
        self.place_by_key.insert(key, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_kept_once_at_its_least_cost_and_old_ones_leave() {
        let mut pool = Pool::new(5, 2);
        pool.add(0, &[1, 2], 5.0);
        pool.add(0, &[2, 1], 4.0);
        pool.add(0, &[1, 2], 6.0);
        assert_eq!((pool.routes().len(), pool.routes()[0].cost), (1, 4.0));
        assert_eq!(pool.routes()[0].visits, [2, 1]);
        pool.add(1, &[1, 2], 6.0);
        pool.add(0, &[3], 1.0);
        let costs: Vec<f64> = pool.routes().iter().map(|known| known.cost).collect();
        assert_eq!(costs, [1.0, 6.0]);
        pool.add(0, &[1, 2], 7.0);
        assert_eq!(pool.routes()[1].cost, 7.0);
    }
}
