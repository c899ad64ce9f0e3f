//! Given the slope and curvature of a loss at each row, grow one tree that lowers it most.
//!
//! Method: histograms by column and leaf-wise growth, G. Ke et al. (2017), "LightGBM: a
//! highly efficient gradient boosting decision tree"; gain with a penalty as in T. Chen,
//! C. Guestrin (2016), doi:10.1145/2939672.2939785, equation 7; of two children only the
//! smaller one's histogram is added up, the other's is the difference; codes are put in
//! the order of slope over curvature, W. D. Fisher (1958), doi:10.1080/01621459.1958.10501479.
//! Cost: time O(n k d + m k b), memory O(m k b), with n = rows, k = columns, d = mean
//! depth of the tree over the smaller children, m = leaves, b = bins.
//! Use `forest.rs` instead where leaves are many and small.
//! Not for: columns with more than 256 different answers that matter.
//! Same input, budget and seed give the same answer: yes; a histogram is added up by one
//! thread in the order of the rows.
//! Differs from the papers: no sampling by slope and no bundles of sparse columns.

use rayon::prelude::*;

use super::Settings;
use crate::predict::tabular::bins::{Binned, Bins, part_rows};
use crate::predict::tabular::tree::{Node, Set, Tree};

/// Added to the curvature of a code's bin before codes are put in order.
const SMOOTH_CODES: f64 = 10.0;
/// Added to the penalty where codes are split.
const CODE_PENALTY: f64 = 10.0;
/// Curvature that a difference of histograms may leave where there is no row.
const NOTHING: f64 = 1e-9;
/// Cells of a histogram's source from which columns are shared among threads.
const SHARED_FROM: usize = 1 << 18;

/// What a bin or a leaf adds up to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) slope: f64,
    pub(super) curvature: f64,
}

impl Sum {
    fn plus(self, other: Sum) -> Sum {
        Sum { slope: self.slope + other.slope, curvature: self.curvature + other.curvature }
    }

    fn minus(self, other: Sum) -> Sum {
        Sum { slope: self.slope - other.slope, curvature: self.curvature - other.curvature }
    }

    fn score(self, penalty: f64) -> f64 {
        self.slope * self.slope / (self.curvature + penalty).max(1e-12)
    }
}

/// Slope and curvature at one row.
pub(super) type Pull = [f32; 2];

type Histogram = Vec<Vec<Sum>>;

/// A leaf that may be split: rows `begin..end` of the grower.
struct Leaf {
    node: usize,
    begin: usize,
    end: usize,
    sum: Sum,
    histogram: Histogram,
    best: Option<Split>,
}

#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f64,
    column: usize,
    cut: u8,
    blank_left: bool,
    set: Option<Set>,
    left: Sum,
}

/// Buffers that live as long as a booster grows.
pub(super) struct Grower<'a> {
    binned: &'a Binned,
    bins: &'a [Bins],
    settings: &'a Settings,
    rows: Vec<u32>,
    spare: Vec<u32>,
    gathered: Vec<Pull>,
    pool: Vec<Histogram>,
}

/// A leaf of a grown tree: its value and its rows.
pub(super) struct Grown<'a> {
    pub(super) tree: Tree,
    /// Value and rows of each leaf.
    pub(super) leaves: Vec<(f32, &'a [u32])>,
}

impl<'a> Grower<'a> {
    pub(super) fn new(binned: &'a Binned, bins: &'a [Bins], settings: &'a Settings) -> Self {
        let (rows, spare, gathered, pool) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Grower { binned, bins, settings, rows, spare, gathered, pool }
    }

    /// Grows a tree over `rows` that asks only `columns`; `None` where nothing is gained.
    ///
    /// A row counts as many times as it stands in `rows`.
    pub(super) fn grow(&mut self, rows: &[u32], columns: &[u32], pull: &[Pull]) -> Option<Grown<'_>> {
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        self.spare.resize(rows.len(), 0);
        let mut tree = Tree::default();
        let root = self.root(columns, pull);
        // Relative to what all rows could gain, so that the unit of the target does not matter.
        let slopes = rows.iter().map(|row| f64::from(pull[*row as usize][0]).powi(2)).sum::<f64>();
        let least = 1e-10 * slopes;
        tree.nodes.push(self.leaf_node(root.sum));
        let mut leaves = vec![root];
        while leaves.len() < self.settings.leaves {
            let gain = |leaf: &Leaf| leaf.best.map_or(0.0, |split| split.gain);
            // The first of equal leaves, so that ties are no matter of chance.
            let best = (1..leaves.len())
                .fold(0, |best, i| if gain(&leaves[i]) > gain(&leaves[best]) { i } else { best });
            let Some(split) = leaves[best].best.filter(|split| split.gain > least) else {
                break;
            };
            let leaf = leaves.swap_remove(best);
            let children = self.split(leaf, &split, columns, pull, &mut tree);
            leaves.extend(children);
        }
        let ranges: Vec<_> = leaves.iter().map(|leaf| (leaf.node, leaf.begin, leaf.end)).collect();
        self.pool.extend(leaves.into_iter().map(|leaf| leaf.histogram));
        if tree.nodes.len() == 1 {
            return None;
        }
        let rows = &self.rows;
        let leaves =
            ranges.iter().map(|&(node, begin, end)| (tree.nodes[node].value, &rows[begin..end])).collect();
        Some(Grown { tree, leaves })
    }

    fn leaf_node(&self, sum: Sum) -> Node {
        let value = -self.settings.rate * sum.slope / (sum.curvature + self.settings.penalty).max(1e-12);
        let cover = sum.curvature as f32;
        Node { column: 0, cut: 0, blank_left: false, set: 0, left: 0, value: value as f32, cover }
    }

    fn root(&mut self, columns: &[u32], pull: &[Pull]) -> Leaf {
        let end = self.rows.len();
        let mut histogram = self.blank_histogram();
        self.gather(0, end, pull);
        let sum = self.gathered.iter().fold(Sum::default(), |sum, p| {
            sum.plus(Sum { slope: f64::from(p[0]), curvature: f64::from(p[1]) })
        });
        let rows_per_curvature = end as f64 / sum.curvature.max(1e-12);
        let each = |(column, sums): (usize, &mut Vec<Sum>)| {
            if columns.binary_search(&(column as u32)).is_err() {
                return None;
            }
            self.add_up(column, 0, end, sums);
            self.best_of(column, sums, sum, rows_per_curvature)
        };
        let splits: Vec<Option<Split>> = if end * columns.len() >= SHARED_FROM {
            histogram.par_iter_mut().enumerate().map(each).collect()
        } else {
            histogram.iter_mut().enumerate().map(each).collect()
        };
        Leaf { node: 0, begin: 0, end, sum, histogram, best: best_split(splits) }
    }

    fn blank_histogram(&mut self) -> Histogram {
        self.pool
            .pop()
            .unwrap_or_else(|| self.bins.iter().map(|bins| vec![Sum::default(); bins.count()]).collect())
    }

    fn gather(&mut self, begin: usize, end: usize, pull: &[Pull]) {
        self.gathered.clear();
        self.gathered.extend(self.rows[begin..end].iter().map(|row| pull[*row as usize]));
    }

    fn add_up(&self, column: usize, begin: usize, end: usize, sums: &mut [Sum]) {
        sums.fill(Sum::default());
        let bins = &self.binned.columns[column];
        for (row, pull) in self.rows[begin..end].iter().zip(&self.gathered) {
            let sum = &mut sums[usize::from(bins[*row as usize])];
            sum.slope += f64::from(pull[0]);
            sum.curvature += f64::from(pull[1]);
        }
    }

    /// Splits `leaf`; its rows, node and histogram go to the two children.
    fn split(
        &mut self,
        leaf: Leaf,
        split: &Split,
        columns: &[u32],
        pull: &[Pull],
        tree: &mut Tree,
    ) -> [Leaf; 2] {
        let first = tree.nodes.len();
        if let Some(set) = split.set {
            tree.sets.push(set);
        }
        let node = &mut tree.nodes[leaf.node];
        node.column = split.column as u32;
        node.cut = split.cut;
        node.blank_left = split.blank_left;
        node.set = split.set.map_or(0, |_| tree.sets.len() as u32);
        node.left = first as u32;
        let node = *node;
        let right = leaf.sum.minus(split.left);
        tree.nodes.extend([self.leaf_node(split.left), self.leaf_node(right)]);
        let middle = self.part(leaf.begin, leaf.end, &node, tree);
        let left_is_smaller = middle - leaf.begin <= leaf.end - middle;
        let small = self.blank_histogram();
        let (left_histogram, right_histogram) =
            if left_is_smaller { (small, leaf.histogram) } else { (leaf.histogram, small) };
        let child = |node, begin, end, sum, histogram| Leaf { node, begin, end, sum, histogram, best: None };
        let mut children = [
            child(first, leaf.begin, middle, split.left, left_histogram),
            child(first + 1, middle, leaf.end, right, right_histogram),
        ];
        self.fill(&mut children, left_is_smaller, columns, pull);
        children
    }

    /// Histograms and best splits of two children, of which one holds its parent's histogram.
    fn fill(&mut self, children: &mut [Leaf; 2], first_is_smaller: bool, columns: &[u32], pull: &[Pull]) {
        let [left, right] = children;
        let (small, large) = if first_is_smaller { (left, right) } else { (right, left) };
        let (begin, end) = (small.begin, small.end);
        self.gather(begin, end, pull);
        let sums = [small.sum, large.sum];
        let counts = [end - begin, large.end - large.begin];
        let density = [0, 1].map(|k| counts[k] as f64 / sums[k].curvature.max(1e-12));
        let each = |(column, (small, large)): (usize, (&mut Vec<Sum>, &mut Vec<Sum>))| {
            if columns.binary_search(&(column as u32)).is_err() {
                return (None, None);
            }
            self.add_up(column, begin, end, small);
            large.iter_mut().zip(small.iter()).for_each(|(large, small)| *large = large.minus(*small));
            let best = |which: usize, of: &[Sum]| {
                (counts[which] >= 2 * self.settings.smallest_leaf)
                    .then(|| self.best_of(column, of, sums[which], density[which]))
                    .flatten()
            };
            (best(0, small), best(1, large))
        };
        let shared = (end - begin) * columns.len() >= SHARED_FROM;
        let (mine, theirs) = (&mut small.histogram, &mut large.histogram);
        let (a, b): (Vec<_>, Vec<_>) = if shared {
            mine.par_iter_mut().zip(theirs.par_iter_mut()).enumerate().map(each).unzip()
        } else {
            mine.iter_mut().zip(theirs.iter_mut()).enumerate().map(each).unzip()
        };
        small.best = best_split(a);
        large.best = best_split(b);
    }

    /// As [`part_rows`], with the rule of the node looked up once for each bin.
    fn part(&mut self, begin: usize, end: usize, node: &Node, tree: &Tree) -> usize {
        let mut goes_left = [false; 256];
        (0..=255_u8).for_each(|bin| goes_left[usize::from(bin)] = tree.goes_left(node, bin));
        let bins = &self.binned.columns[node.column as usize];
        let rows = &mut self.rows[begin..end];
        begin + part_rows(rows, &mut self.spare, |row| goes_left[usize::from(bins[row as usize])])
    }

    fn best_of(&self, column: usize, sums: &[Sum], total: Sum, density: f64) -> Option<Split> {
        let least = self.settings.smallest_leaf as f64 / density - 1e-9;
        let search = Search { column, sums, total, least, penalty: self.settings.penalty };
        if self.bins[column].is_codes() { search.codes() } else { search.numbers() }
    }
}

fn best_split(splits: Vec<Option<Split>>) -> Option<Split> {
    splits.into_iter().flatten().reduce(|best, split| if split.gain > best.gain { split } else { best })
}

/// The search of one leaf's best split by one column.
struct Search<'a> {
    column: usize,
    sums: &'a [Sum],
    total: Sum,
    /// Least curvature of a child.
    least: f64,
    penalty: f64,
}

impl Search<'_> {
    fn numbers(&self) -> Option<Split> {
        let before = self.total.score(self.penalty);
        let has_blanks = self.sums[0].curvature > NOTHING;
        let mut best: Option<Split> = None;
        for blank_left in [false, true] {
            if blank_left && !has_blanks {
                break;
            }
            let mut left = if blank_left { self.sums[0] } else { Sum::default() };
            for (bin, sum) in self.sums.iter().enumerate().skip(1) {
                if sum.curvature == 0.0 && bin > 1 {
                    continue;
                }
                left = left.plus(*sum);
                let right = self.total.minus(left);
                if left.curvature < self.least {
                    continue;
                }
                if right.curvature < self.least {
                    break;
                }
                let gain = left.score(self.penalty) + right.score(self.penalty) - before;
                if gain > best.map_or(0.0, |split| split.gain) {
                    best = Some(Split {
                        gain,
                        column: self.column,
                        cut: bin as u8,
                        // Blanks that never occurred go with the greater part.
                        blank_left: if has_blanks { blank_left } else { left.curvature > right.curvature },
                        set: None,
                        left,
                    });
                }
            }
        }
        best
    }

    fn codes(&self) -> Option<Split> {
        let mut order: Vec<u8> =
            (0..=255_u8).filter(|bin| self.sums[usize::from(*bin)].curvature > NOTHING).collect();
        let rank = |bin: &u8| {
            let sum = self.sums[usize::from(*bin)];
            sum.slope / (sum.curvature + SMOOTH_CODES)
        };
        order.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
        let penalty = self.penalty + if order.len() > 4 { CODE_PENALTY } else { 0.0 };
        let before = self.total.score(self.penalty);
        let mut left = Sum::default();
        let mut best = (0.0, 0, Sum::default());
        for (at, bin) in order.iter().enumerate().take(order.len().saturating_sub(1)) {
            left = left.plus(self.sums[usize::from(*bin)]);
            let right = self.total.minus(left);
            if left.curvature < self.least {
                continue;
            }
            if right.curvature < self.least {
                break;
            }
            let gain = left.score(penalty) + right.score(penalty) - before;
            if gain > best.0 {
                best = (gain, at + 1, left);
            }
        }
        let (gain, length, left) = best;
        if length == 0 {
            return None;
        }
        let mut set = Set::default();
        order[..length].iter().for_each(|bin| set.insert(*bin));
        if left.curvature > self.total.curvature - left.curvature {
            // Codes that never came this way go with the greater part.
            (0..=255_u8).filter(|bin| !order.contains(bin)).for_each(|bin| set.insert(bin));
        }
        Some(Split { gain, column: self.column, cut: 0, blank_left: false, set: Some(set), left })
    }
}
