//! Routes met on the way of a search, each set of visits once, to be put together anew.

use std::collections::{HashMap, VecDeque};

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
///
/// It is full by the stops of its routes, so that long routes take no more memory than short ones.
pub(super) struct Pool {
    routes: VecDeque<(u64, Known)>,
    /// How many routes have left, which is the number of the first.
    left: usize,
    number_by_key: HashMap<u64, usize>,
    /// A random number for each visit; those of a set added up tell it from others.
    keys: Vec<u64>,
    stops: usize,
    most_stops: usize,
}

impl Pool {
    pub fn new(visits: usize, most_stops: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(visits as u64);
        Pool {
            routes: VecDeque::new(),
            left: 0,
            number_by_key: HashMap::new(),
            keys: (0..visits).map(|_| random.random()).collect(),
            stops: 0,
            most_stops,
        }
    }

    pub fn len(&self) -> usize {
        self.routes.len()
    }

    pub fn routes(&self) -> impl Iterator<Item = &Known> {
        self.routes.iter().map(|(_, known)| known)
    }

    /// Where the route of these visits stands.
    pub fn place_of(&self, kind: usize, visits: &[u32]) -> Option<usize> {
        self.number_by_key.get(&self.key(kind, visits)).map(|number| number - self.left)
    }

    fn key(&self, kind: usize, visits: &[u32]) -> u64 {
        let sum = visits.iter().fold(0_u64, |sum, &visit| sum.wrapping_add(self.keys[visit as usize]));
        sum.wrapping_add((kind as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub fn add(&mut self, kind: usize, visits: &[u32], cost: f64) {
        if visits.is_empty() || visits.len() > self.most_stops {
            return;
        }
        let key = self.key(kind, visits);
        if let Some(&number) = self.number_by_key.get(&key) {
            let known = &mut self.routes[number - self.left].1;
            if cost < known.cost {
                known.cost = cost;
                known.visits.clear();
                known.visits.extend_from_slice(visits);
            }
            return;
        }
        let mut own = self.make_room(visits.len());
        own.clear();
        own.extend_from_slice(visits);
        self.stops += visits.len();
        self.number_by_key.insert(key, self.left + self.routes.len());
        self.routes.push_back((key, Known { kind, visits: own, cost }));
    }

    /// Lets the oldest routes go until `stops` more fit; returns the memory of one.
    fn make_room(&mut self, stops: usize) -> Vec<u32> {
        let mut emptied = Vec::new();
        while self.stops + stops > self.most_stops {
            let Some((key, known)) = self.routes.pop_front() else { break };
            self.number_by_key.remove(&key);
            self.left += 1;
            self.stops -= known.visits.len();
            emptied = known.visits;
        }
        emptied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_kept_once_at_its_least_cost_and_old_ones_leave() {
        let mut pool = Pool::new(5, 4);
        let costs = |pool: &Pool| pool.routes().map(|known| known.cost).collect::<Vec<f64>>();
        pool.add(0, &[1, 2], 5.0);
        pool.add(0, &[2, 1], 4.0);
        pool.add(0, &[1, 2], 6.0);
        assert_eq!(costs(&pool), [4.0]);
        assert_eq!(pool.routes[0].1.visits, [2, 1]);
        pool.add(1, &[1, 2], 6.0);
        pool.add(0, &[3], 1.0);
        assert_eq!(costs(&pool), [6.0, 1.0]);
        assert_eq!((pool.place_of(1, &[2, 1]), pool.place_of(0, &[3])), (Some(0), Some(1)));
        pool.add(0, &[1, 2], 7.0);
        assert_eq!(costs(&pool), [1.0, 7.0]);
        assert_eq!((pool.place_of(0, &[1, 2]), pool.place_of(1, &[1, 2])), (Some(1), None));
    }

    #[test]
    fn it_holds_as_many_stops_as_it_may_however_long_the_routes_are() {
        let mut pool = Pool::new(100, 250);
        for first in 0..50_u32 {
            let long: Vec<u32> = (first..first + 50).collect();
            pool.add(0, &long, 1.0);
            pool.add(0, &[first], 1.0);
        }
        let stops: usize = pool.routes().map(|known| known.visits.len()).sum();
        assert!((200..=250).contains(&stops) && stops == pool.stops, "{stops}");
        assert_eq!(pool.number_by_key.len(), pool.len());
        pool.add(0, &(0..100).chain(0..100).chain(0..100).collect::<Vec<u32>>(), 1.0);
        assert_eq!(pool.stops, stops, "what is longer than the pool stays out");
    }
}
