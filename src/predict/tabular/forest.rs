//! Given binned rows and a target, learn the mean of many deep trees, each of its own draw of rows.
//!
//! Method: random forest, L. Breiman (2001), "Random forests", doi:10.1023/A:1010933404324,
//! with cuts between bins.
//! Cost: time O(t n k' log n + t m k' b), memory O(t m), with t = trees, n = rows of a tree,
//! k' = columns tried at a node, m = nodes of a tree, b = bins.
//! Use `boost` instead where accuracy matters more than the time of a first look.
//! Not for: extrapolation; a tree is constant beyond its last cut.
//! Same input, budget and seed give the same answer: yes; each tree has its own draws.
//! Differs from the paper: a leaf holds `smallest_leaf` rows or more; codes are put in
//! the order of their means, which is exact for squared error.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bins::{Binned, Bins, part_rows};
use super::tree::{Node, Set, Tree};

/// How to grow a forest.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `trees` | 100 | trees | 1 and above |
/// | `smallest_leaf` | 4 | least rows of a leaf | 1 and above |
/// | `column_share` | 0.5 | columns tried at each node | above 0, at most 1 |
/// | `most_rows` | 50,000 | most rows of a tree | 1 and above |
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Settings {
    pub(crate) trees: usize,
    pub(crate) smallest_leaf: usize,
    pub(crate) column_share: f64,
    pub(crate) most_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { trees: 100, smallest_leaf: 4, column_share: 0.5, most_rows: 50_000 }
    }
}

/// Trees that were learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Forest {
    trees: Vec<Tree>,
}

impl Forest {
    /// Learns from `binned`; `stop` is asked before each tree, and the first is always grown.
    pub(crate) fn learn(
        binned: &Binned,
        bins: &[Bins],
        target: &[f64],
        settings: &Settings,
        seed: u64,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Self {
        let trees = (0..settings.trees)
            .into_par_iter()
            .filter(|tree| *tree == 0 || !stop())
            .map(|tree| {
                let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(tree as u64);
                Grower::new(binned, bins, target, settings, seed).grow()
            })
            .collect();
        Forest { trees }
    }

    /// The answers for all rows.
    pub(crate) fn scores(&self, binned: &Binned) -> Vec<f64> {
        let mut scores = binned.sum_of(&self.trees, 0.0);
        scores.iter_mut().for_each(|score| *score /= self.trees.len().max(1) as f64);
        scores
    }

    /// Number of trees.
    pub(crate) fn len(&self) -> usize {
        self.trees.len()
    }

    /// Whether every tree leads somewhere among `columns` columns.
    pub(crate) fn is_sound(&self, columns: usize) -> bool {
        !self.trees.is_empty() && self.trees.iter().all(|tree| tree.is_sound(columns))
    }

    /// Adds what each column adds to the answer for a row of bins; gives the answer of no column.
    pub(crate) fn add_effects(&self, row: &[u8], scale: f64, effects: &mut [f64]) -> f64 {
        let scale = scale / self.trees.len().max(1) as f64;
        self.trees.iter().map(|tree| tree.add_path(row, scale, effects)).sum()
    }
}

struct Grower<'a> {
    binned: &'a Binned,
    bins: &'a [Bins],
    target: &'a [f64],
    settings: &'a Settings,
    rng: ChaCha8Rng,
    rows: Vec<u32>,
    spare: Vec<u32>,
    columns: Vec<u32>,
    sums: Vec<[f64; 2]>,
}

/// The best question of a node.
struct Split {
    score: f64,
    column: u32,
    cut: u8,
    blank_left: bool,
    set: Option<Set>,
}

impl<'a> Grower<'a> {
    fn new(
        binned: &'a Binned,
        bins: &'a [Bins],
        target: &'a [f64],
        settings: &'a Settings,
        seed: u64,
    ) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let taken = binned.rows.min(settings.most_rows);
        let mut rows: Vec<u32> = (0..taken).map(|_| rng.random_range(0..binned.rows as u32)).collect();
        rows.sort_unstable();
        let columns = (0..bins.len() as u32).collect();
        let spare = vec![0; taken];
        Grower { binned, bins, target, settings, rng, rows, spare, columns, sums: vec![[0.0; 2]; 256] }
    }

    fn grow(mut self) -> Tree {
        let mut tree = Tree::default();
        let rows = self.rows.len();
        tree.nodes.push(self.leaf(0, rows));
        let mut open = vec![(0, 0, rows)];
        while let Some((at, begin, end)) = open.pop() {
            let Some(split) = self.best(begin, end) else { continue };
            if let Some(set) = split.set {
                tree.sets.push(set);
            }
            let left = tree.nodes.len();
            let node = Node {
                column: split.column,
                cut: split.cut,
                blank_left: split.blank_left,
                set: split.set.map_or(0, |_| tree.sets.len() as u32),
                left: left as u32,
                ..tree.nodes[at]
            };
            tree.nodes[at] = node;
            let middle = self.part(begin, end, &node, &tree);
            tree.nodes.push(self.leaf(begin, middle));
            tree.nodes.push(self.leaf(middle, end));
            open.extend([(left + 1, middle, end), (left, begin, middle)]);
        }
        tree
    }

    fn leaf(&self, begin: usize, end: usize) -> Node {
        let rows = &self.rows[begin..end];
        let sum: f64 = rows.iter().map(|row| self.target[*row as usize]).sum();
        let value = (sum / rows.len().max(1) as f64) as f32;
        Node { column: 0, cut: 0, blank_left: false, set: 0, left: 0, value, cover: rows.len() as f32 }
    }

    fn best(&mut self, begin: usize, end: usize) -> Option<Split> {
        if end - begin < 2 * self.settings.smallest_leaf {
            return None;
        }
        let wanted = ((self.columns.len() as f64 * self.settings.column_share).ceil() as usize).max(1);
        let mut best: Option<Split> = None;
        let mut tried = 0;
        for place in 0..self.columns.len() {
            // A column that cannot split does not count as tried.
            if tried >= wanted {
                break;
            }
            let other = self.rng.random_range(place..self.columns.len());
            self.columns.swap(place, other);
            let column = self.columns[place];
            let total = self.add_up(column, begin, end);
            let split = if self.bins[column as usize].is_codes() {
                self.codes(column, total)
            } else {
                self.numbers(column, total)
            };
            tried += usize::from(split.is_some());
            if let Some(split) = split
                && best.as_ref().is_none_or(|best| split.score > best.score)
            {
                best = Some(split);
            }
        }
        best
    }

    /// Fills `sums` with the sum and number of targets by bin; gives their total.
    fn add_up(&mut self, column: u32, begin: usize, end: usize) -> [f64; 2] {
        self.sums.fill([0.0; 2]);
        let bins = &self.binned.columns[column as usize];
        let mut total = [0.0; 2];
        for row in &self.rows[begin..end] {
            let y = self.target[*row as usize];
            let sum = &mut self.sums[usize::from(bins[*row as usize])];
            sum[0] += y;
            sum[1] += 1.0;
            total[0] += y;
            total[1] += 1.0;
        }
        total
    }

    /// How far apart two parts are; `None` where one is too small or nothing is gained.
    fn score(&self, left: [f64; 2], total: [f64; 2]) -> Option<f64> {
        let right = [total[0] - left[0], total[1] - left[1]];
        let least = self.settings.smallest_leaf as f64;
        if left[1] < least || right[1] < least {
            return None;
        }
        let whole = total[0] * total[0] / total[1];
        let score = left[0] * left[0] / left[1] + right[0] * right[0] / right[1] - whole;
        (score > 1e-12 * whole.abs().max(1e-300)).then_some(score)
    }

    fn numbers(&self, column: u32, total: [f64; 2]) -> Option<Split> {
        let blanks = self.sums[0];
        let mut best: Option<Split> = None;
        for blank_left in [false, true] {
            if blank_left && blanks[1] == 0.0 {
                break;
            }
            let mut left = if blank_left { blanks } else { [0.0; 2] };
            for bin in 1..self.bins[column as usize].count() {
                let sum = self.sums[bin];
                if sum[1] == 0.0 {
                    continue;
                }
                left = [left[0] + sum[0], left[1] + sum[1]];
                let Some(score) = self.score(left, total) else { continue };
                if best.as_ref().is_none_or(|best| score > best.score) {
                    let greater = 2.0 * left[1] > total[1];
                    let blank_left = if blanks[1] > 0.0 { blank_left } else { greater };
                    best = Some(Split { score, column, cut: bin as u8, blank_left, set: None });
                }
            }
        }
        best
    }

    fn codes(&self, column: u32, total: [f64; 2]) -> Option<Split> {
        let mut order: Vec<u8> = (0..=255_u8).filter(|bin| self.sums[usize::from(*bin)][1] > 0.0).collect();
        let mean = |bin: &u8| self.sums[usize::from(*bin)][0] / self.sums[usize::from(*bin)][1];
        order.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
        let mut left = [0.0; 2];
        let mut best: Option<(f64, usize, f64)> = None;
        for (at, bin) in order.iter().enumerate() {
            let sum = self.sums[usize::from(*bin)];
            left = [left[0] + sum[0], left[1] + sum[1]];
            if let Some(score) = self.score(left, total)
                && best.is_none_or(|(most, ..)| score > most)
            {
                best = Some((score, at + 1, left[1]));
            }
        }
        let (score, length, rows) = best?;
        let mut set = Set::default();
        order[..length].iter().for_each(|bin| set.insert(*bin));
        if 2.0 * rows > total[1] {
            (0..=255_u8).filter(|bin| !order.contains(bin)).for_each(|bin| set.insert(bin));
        }
        Some(Split { score, column, cut: 0, blank_left: false, set: Some(set) })
    }

    fn part(&mut self, begin: usize, end: usize, node: &Node, tree: &Tree) -> usize {
        let bins = &self.binned.columns[node.column as usize];
        let rows = &mut self.rows[begin..end];
        begin + part_rows(rows, &mut self.spare, |row| tree.goes_left(node, bins[row as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> (Vec<Vec<f32>>, Vec<f64>) {
        let x: Vec<f32> = (0..1000).map(|k| (k % 100) as f32).collect();
        let code: Vec<f32> = (0..1000).map(|k| (k / 100 % 5) as f32).collect();
        let y =
            x.iter().zip(&code).map(|(x, c)| f64::from(x * 0.1) + [0.0, 7.0, 3.0, -4.0, 1.0][*c as usize]);
        let y = y.collect();
        (vec![x, code], y)
    }

    #[test]
    fn it_learns_and_ignores_threads() {
        let (columns, y) = steps();
        let bins = [Bins::of_numbers(&columns[0]), Bins::Codes(5)];
        let binned = Binned::new(&columns, &bins);
        let settings = Settings { trees: 30, column_share: 1.0, ..Settings::default() };
        let learn = |threads: usize| {
            let control = crate::control::Control::default().with_threads(threads);
            control.install(|| Forest::learn(&binned, &bins, &y, &settings, 5, &|| false))
        };
        let forest = learn(1);
        assert_eq!(forest, learn(2));
        let answers = forest.scores(&binned);
        let error: f64 = answers.iter().zip(&y).map(|(a, y)| (a - y).abs()).sum();
        assert!(error / 1000.0 < 0.25, "{}", error / 1000.0);
        let mut effects = [0.0; 2];
        let base = forest.add_effects(binned.row(3), 1.0, &mut effects);
        assert!((base + effects[0] + effects[1] - answers[3]).abs() < 1e-4);
    }

    #[test]
    fn a_constant_target_grows_one_leaf() {
        let (columns, _) = steps();
        let bins = [Bins::of_numbers(&columns[0]), Bins::Codes(5)];
        let binned = Binned::new(&columns, &bins);
        let settings = Settings { trees: 1, ..Settings::default() };
        let forest = Forest::learn(&binned, &bins, &[3.0; 1000], &settings, 0, &|| false);
        assert_eq!((forest.trees[0].nodes.len(), forest.scores(&binned)[7]), (1, 3.0));
    }
}
