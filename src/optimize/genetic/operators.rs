//! Given two candidates, make a child that mixes them, then change it a little.
//!
//! Method: simulated binary crossover (SBX) and polynomial mutation, bounded, K. Deb and
//! R. B. Agrawal (1995), "Simulated Binary Crossover for Continuous Search Space", Complex
//! Systems 9(2), and K. Deb and M. Goyal (1996), "A combined genetic adaptive search (GeneAS) for
//! engineering design", Computer Science and Informatics 26(4); order crossover (OX), L. Davis
//! (1985), "Applying adaptive algorithms to epistatic domains", IJCAI; inversion mutation.
//! Cost: O(genes) a child, no allocation beyond the child's own.
//! Use a local search instead where the goal's change is cheap to compute for a small move.
//! Not for: genes with a structure of their own (trees, sets of varying size).
//! Same input and seed give the same answer: yes.
//! Differs from the paper: whole numbers are rounded after the real operators, those with two
//! values are swapped and flipped, and a mutated whole number always changes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::genes::{Genes, Range, Space};

/// How children are made.
#[derive(Debug, Clone, PartialEq)]
pub struct Variation {
    /// Probability that two parents are mixed at all; 0 to 1.
    pub crossover_probability: f64,
    /// How near children stay to their parents; 0 and above, larger is nearer.
    pub crossover_index: f64,
    /// Expected number of genes that mutate in a child; above 0.
    pub mutated_genes: f64,
    /// How small mutations are; 0 and above, larger is smaller.
    pub mutation_index: f64,
}

impl Default for Variation {
    /// Crossover 0.9 with index 15; one mutated gene a child with index 20.
    fn default() -> Self {
        Variation {
            crossover_probability: 0.9,
            crossover_index: 15.0,
            mutated_genes: 1.0,
            mutation_index: 20.0,
        }
    }
}

/// Numbers nearer than this are one to crossover.
const SAME: f64 = 1e-14;
/// One over the rounding of 1.
const FAR: f64 = 1e16;

/// Makes two children of two parents into `children`.
pub(super) fn breed(
    space: &Space,
    variation: &Variation,
    parents: [&Genes; 2],
    children: [&mut Genes; 2],
    rng: &mut ChaCha8Rng,
) {
    let [first, second] = children;
    first.copy_from(parents[0]);
    second.copy_from(parents[1]);
    if rng.random::<f64>() < variation.crossover_probability {
        let nearness = Nearness::new(variation.crossover_index);
        for (gene, range) in space.numbers().iter().enumerate() {
            if rng.random::<bool>() {
                let pair = (parents[0].numbers[gene], parents[1].numbers[gene]);
                (first.numbers[gene], second.numbers[gene]) = mix(range, pair, nearness, rng);
            }
        }
        for order in 0..space.orders().len() {
            let pair = [parents[0].orders[order].as_slice(), parents[1].orders[order].as_slice()];
            let cut = cut(pair[0].len(), rng);
            order_crossover(pair[0], pair[1], cut, &mut first.orders[order]);
            order_crossover(pair[1], pair[0], cut, &mut second.orders[order]);
        }
    }
    mutate(space, variation, first, rng);
    mutate(space, variation, second, rng);
}

/// The index of crossover with what follows from it.
#[derive(Clone, Copy)]
struct Nearness {
    index: f64,
    /// 1 / (index + 1).
    power: f64,
    /// From this beta on a bound changes nothing that a double can hold.
    far: f64,
}

impl Nearness {
    fn new(index: f64) -> Self {
        let power = 1.0 / (index + 1.0);
        Nearness { index, power, far: FAR.powf(power) }
    }
}

/// Simulated binary crossover of one gene, bounded.
fn mix(range: &Range, (a, b): (f64, f64), nearness: Nearness, rng: &mut ChaCha8Rng) -> (f64, f64) {
    let Nearness { index, power, far } = nearness;
    let (low, high) = (a.min(b), a.max(b));
    if high - low < SAME {
        return (a, b);
    }
    let (mut first, mut second) = (low, high);
    if !(range.whole && range.upper - range.lower <= 1.0) {
        let draw: f64 = rng.random();
        // beta_q of Deb and Agrawal for bounds that leave `alpha` below 2.
        let stretch = |alpha: f64| match draw <= 1.0 / alpha {
            true => (draw * alpha).powf(power),
            false => (1.0 / (2.0 - draw * alpha)).powf(power),
        };
        let alpha = |room: f64| {
            let beta = 1.0 + 2.0 * room / (high - low);
            if beta > far { 2.0 } else { 2.0 - beta.powf(-(index + 1.0)) }
        };
        let (below, above) = (alpha(low - range.lower), alpha(range.upper - high));
        let down = stretch(below);
        let up = if above == below { down } else { stretch(above) };
        first = 0.5 * (low + high - down * (high - low));
        second = 0.5 * (low + high + up * (high - low));
    }
    let (first, second) = (range.settle(first), range.settle(second));
    if rng.random::<bool>() { (second, first) } else { (first, second) }
}

/// Changes about [`Variation::mutated_genes`] genes of `genes`.
pub(super) fn mutate(space: &Space, variation: &Variation, genes: &mut Genes, rng: &mut ChaCha8Rng) {
    let chance = (variation.mutated_genes / space.len() as f64).min(1.0);
    for (value, range) in genes.numbers.iter_mut().zip(space.numbers()) {
        if rng.random::<f64>() < chance && range.upper > range.lower {
            *value = nudge(range, *value, variation.mutation_index, rng);
        }
    }
    for order in &mut genes.orders {
        if rng.random::<f64>() < chance && order.len() > 1 {
            let (from, to) = cut(order.len(), rng);
            order[from..to].reverse();
        }
    }
}

/// Polynomial mutation of one gene, bounded.
fn nudge(range: &Range, value: f64, index: f64, rng: &mut ChaCha8Rng) -> f64 {
    let width = range.upper - range.lower;
    if range.whole && width <= 1.0 {
        return range.lower + range.upper - value;
    }
    let (draw, power): (f64, f64) = (rng.random(), 1.0 / (index + 1.0));
    let step = if draw < 0.5 {
        let room = 1.0 - (value - range.lower) / width;
        (2.0 * draw + (1.0 - 2.0 * draw) * room.powf(index + 1.0)).powf(power) - 1.0
    } else {
        let room = 1.0 - (range.upper - value) / width;
        1.0 - (2.0 * (1.0 - draw) + 2.0 * (draw - 0.5) * room.powf(index + 1.0)).powf(power)
    };
    let moved = range.settle(value + step * width);
    if !range.whole || moved != value {
        return moved;
    }
    let direction = if draw < 0.5 { -1.0 } else { 1.0 };
    let next = value + direction;
    if next < range.lower || next > range.upper { value - direction } else { next }
}

/// A stretch `from..to` of at least two places where there are two.
fn cut(length: usize, rng: &mut ChaCha8Rng) -> (usize, usize) {
    if length < 2 {
        return (0, length);
    }
    let (a, b) = (rng.random_range(0..length), rng.random_range(0..length - 1));
    let b = if b >= a { b + 1 } else { b };
    (a.min(b), a.max(b) + 1)
}

/// The child that keeps a stretch of `keeper` and fills the rest in the order of `filler`.
fn order_crossover(keeper: &[u32], filler: &[u32], (from, to): (usize, usize), child: &mut [u32]) {
    let length = keeper.len();
    let mut kept = vec![false; length];
    for &thing in &keeper[from..to] {
        kept[thing as usize] = true;
    }
    child[from..to].copy_from_slice(&keeper[from..to]);
    let mut place = to;
    for step in 0..length {
        let thing = filler[(to + step) % length];
        if !kept[thing as usize] {
            child[place % length] = thing;
            place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn children_stay_in_the_space_and_change() {
        let space = Space::default()
            .with_reals(4, -2.0, 5.0)
            .with_integers(3, 1.0, 9.0)
            .with_integers(2, 0.0, 1.0)
            .with_order(7)
            .with_order(1);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let (mut first, mut second) = (Genes::default(), Genes::default());
        let mut changed = 0;
        for _ in 0..2000 {
            let parents = [space.draw(&mut rng), space.draw(&mut rng)];
            let [a, b] = &parents;
            breed(&space, &Variation::default(), [a, b], [&mut first, &mut second], &mut rng);
            assert!(space.contains(&first) && space.contains(&second), "{first:?} {second:?}");
            changed += usize::from(first != *a && second != *b);
        }
        assert!(changed > 1700, "{changed}");
    }

    #[test]
    fn crossover_of_one_number_keeps_the_mean_of_its_parents_where_bounds_are_far() {
        let range = Range { lower: -1e6, upper: 1e6, whole: false };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..200 {
            let (a, b) = mix(&range, (2.0, 3.0), Nearness::new(15.0), &mut rng);
            assert!((a + b - 5.0).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn order_crossover_of_the_textbook() {
        let (keeper, filler) = ([0, 1, 2, 3, 4, 5, 6, 7, 8], [8, 2, 6, 7, 1, 5, 4, 0, 3]);
        let mut child = keeper;
        order_crossover(&keeper, &filler, (3, 7), &mut child);
        // Places 3 to 6 keep 3 4 5 6; from place 7 on, the filler's 0 8 2 7 1 in its order.
        assert_eq!(child, [2, 7, 1, 3, 4, 5, 6, 0, 8]);
    }

    #[test]
    fn mutation_is_small_on_average_and_whole_numbers_always_move() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let real = Range { lower: 0.0, upper: 1.0, whole: false };
        let mean = (0..4000).map(|_| (nudge(&real, 0.5, 20.0, &mut rng) - 0.5).abs()).sum::<f64>() / 4000.0;
        // The mean size of a polynomial step is 1 / (index + 2).
        assert!((mean - 1.0 / 22.0).abs() < 0.003, "{mean}");
        let whole = Range { lower: 1.0, upper: 4.0, whole: true };
        for value in [1.0, 2.0, 3.0, 4.0] {
            assert!((0..100).all(|_| nudge(&whole, value, 20.0, &mut rng) != value));
        }
    }
}
