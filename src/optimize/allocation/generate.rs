//! Seeded instances for the tests.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Candidates, Coupling, Part, Pricing, Proposal, SharedRow, Switch};

/// `parts` parts of 5 candidates, the first of them nothing, on `rows` budgets of a quarter of what is wished.
pub(super) fn multiple_choice(parts: usize, rows: usize, seed: u64) -> (Candidates, Coupling) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut candidates = Candidates::with_capacity(parts, 5 * parts, 4 * parts * rows);
    for _ in 0..parts {
        candidates.add(0.0, &[]);
        for _ in 1..5 {
            let usage: Vec<(u32, f64)> =
                (0..rows as u32).map(|row| (row, random.random_range(1.0..10.0))).collect();
            candidates.add(-random.random_range(1.0..20.0), &usage);
        }
        candidates.end_part();
    }
    let limit = 1.25 * parts as f64;
    let rows = (0..rows).map(|row| SharedRow::at_most(format!("budget {row}"), limit)).collect();
    (candidates, Coupling::new(rows, Vec::new()).unwrap_or_default())
}

/// A single-item lot-sizing part: an order in a bucket covers the demand of
/// some buckets from there on. Row `bucket` is the shared capacity, row
/// `buckets + bucket * items + item` the link of the item to the joint order.
pub(super) struct LotSizing {
    item: usize,
    items: usize,
    demand: Vec<f64>,
    holding_cost: f64,
    setup_cost: f64,
    /// Row of the first bucket's joint minimum, where there is one.
    minimum_row: Option<u32>,
}

impl LotSizing {
    pub fn total_demand(&self) -> f64 {
        self.demand.iter().sum()
    }
}

impl Part for LotSizing {
    /// Bucket and quantity of each order.
    type Choice = Vec<(usize, f64)>;
    type Workspace = ();

    /// Wagner and Whitin's recursion with prices on quantities and orders.
    fn propose(&self, pricing: &Pricing<'_>, (): &mut ()) -> Proposal<Self::Choice> {
        let buckets = self.demand.len();
        let link = |bucket: usize| buckets + bucket * self.items + self.item;
        let mut best = vec![(0.0, 0, 0.0, 0.0); buckets + 1]; // value, first bucket of the last order, cost, quantity
        for end in 1..=buckets {
            best[end].0 = f64::INFINITY;
            for start in 0..end {
                let covered = start..end;
                let quantity: f64 = self.demand[covered.clone()].iter().sum();
                let stored: f64 = covered.map(|bucket| (bucket - start) as f64 * self.demand[bucket]).sum();
                let cost = self.setup_cost + self.holding_cost * stored;
                let by_minimum = self.minimum_row.map_or(0.0, |row| pricing.prices[row as usize + start]);
                let charges = (pricing.prices[start] + by_minimum) * quantity + pricing.prices[link(start)];
                let value = best[start].0 + pricing.cost_weight * cost + charges;
                if value < best[end].0 {
                    best[end] = (value, start, best[start].2 + cost, quantity);
                }
            }
        }
        let mut choice = Vec::new();
        let mut end = buckets;
        while end > 0 {
            choice.push((best[end].1, best[end].3));
            end = best[end].1;
        }
        let mut usage = Vec::new();
        for &(bucket, quantity) in &choice {
            usage.extend([(bucket as u32, quantity), (link(bucket) as u32, 1.0)]);
            usage.extend(self.minimum_row.map(|row| (row + bucket as u32, quantity)));
        }
        Proposal { cost: best[buckets].2, bound: best[buckets].0, usage, choice }
    }
}

/// Lot-sizing items that share the charge of a joint order and a capacity in each bucket.
///
/// With `minimum`, a joint order must be of at least so many times the mean demand of a bucket.
pub(super) fn joint_orders(
    items: usize,
    buckets: usize,
    charge: f64,
    minimum: Option<f64>,
    seed: u64,
) -> (Vec<LotSizing>, Coupling) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut parts: Vec<LotSizing> = (0..items)
        .map(|item| LotSizing {
            item,
            items,
            demand: (0..buckets).map(|_| random.random_range(1.0..20.0)).collect(),
            holding_cost: random.random_range(0.05..0.3),
            setup_cost: random.random_range(1.0..10.0),
            minimum_row: None,
        })
        .collect();
    let mean = 10.5 * items as f64;
    let mut rows: Vec<SharedRow> =
        (0..buckets).map(|bucket| SharedRow::at_most(format!("capacity {bucket}"), 0.0)).collect();
    rows.extend((0..buckets * items).map(|row| SharedRow::at_most(format!("line {row}"), 0.0)));
    let minimum_row = rows.len() as u32;
    if minimum.is_some() {
        rows.extend((0..buckets).map(|bucket| SharedRow::at_least(format!("minimum {bucket}"), 0.0)));
    }
    for part in &mut parts {
        part.minimum_row = minimum.map(|_| minimum_row);
    }
    let switch = |bucket: usize| {
        let links = (0..items).map(|item| ((buckets + bucket * items + item) as u32, 1.0));
        let least = minimum.map(|share| (minimum_row + bucket as u32, share * mean));
        Switch {
            label: format!("order {bucket}"),
            cost: charge,
            copies: 1,
            raises: links.chain(least).chain([(bucket as u32, 3.0 * mean)]).collect(),
        }
    };
    let switches = (0..buckets).map(switch).collect();
    (parts, Coupling::new(rows, switches).unwrap_or_default())
}
