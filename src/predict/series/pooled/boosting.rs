//! Given rows of numbers and amounts that are zero or more, improve a first guess of
//! their logarithmic mean by a sum of small trees.
//!
//! Method: gradient boosting, J. H. Friedman (2001), "Greedy function approximation:
//! a gradient boosting machine", doi:10.1214/aos/1013203451, with second-order
//! leaves and a penalty, T. Chen, C. Guestrin (2016), doi:10.1145/2939672.2939785,
//! on histograms and grown leaf by leaf, G. Ke et al. (2017), "LightGBM: a highly
//! efficient gradient boosting decision tree". The loss is the Tweedie deviance of
//! power p between 1 (Poisson) and 2 (gamma), B. Jorgensen (1987).
//! Cost: time O(trees x n k d / threads), memory O(n k) bytes, with n = rows, k =
//! columns, d = mean depth of a tree.
//! Use `regression.rs` instead when effects are straight lines and must stay so
//! outside the range of the rows.
//! Not for: extrapolation; a tree is constant beyond the last cut.
//! Same input, budget and seed give the same answer: yes; every histogram is added
//! up by one thread in the order of the rows.
//! Differs from the papers: no sampling of rows or columns; missing values take the
//! side that gains more.

use rayon::prelude::*;

/// How to boost.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `trees` | 40 | trees | 0 and above |
/// | `leaves` | 8 | leaves of a tree | 2 and above |
/// | `rate` | 0.1 | share of a leaf that is added | above 0, at most 1 |
/// | `smallest_leaf` | 100 | rows of a leaf | 1 and above |
/// | `penalty` | 5 | curvature that each leaf is charged with | 0 and above |
/// | `power` | 1.5 | power of the Tweedie variance | above 1, below 2 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Options {
    pub(super) trees: usize,
    pub(super) leaves: usize,
    pub(super) rate: f64,
    pub(super) smallest_leaf: usize,
    pub(super) penalty: f64,
    pub(super) power: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options { trees: 40, leaves: 8, rate: 0.1, smallest_leaf: 100, penalty: 5.0, power: 1.5 }
    }
}

/// Values are sorted into so many bins at most; bin 0 is for what is missing.
const BINS: usize = 32;

/// Values of a column that its cuts are found from.
const VALUES_FOR_CUTS: usize = 20_000;

/// Limit of the logarithmic mean.
const FARTHEST: f64 = 12.0;

/// Trees that were learned.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Booster {
    trees: Vec<Tree>,
}

/// A tree as an array of nodes, the root first.
#[derive(Debug, Clone, PartialEq, Default)]
struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Node {
    Leaf(f64),
    Split { column: u32, cut: f32, missing_left: bool, left: u32, right: u32 },
}

/// A table in bins, column by column.
struct Table {
    rows: usize,
    cuts: Vec<Vec<f32>>,
    bins: Vec<Vec<u8>>,
}

/// What a bin of a leaf adds up to.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    slope: f64,
    curvature: f64,
    rows: f64,
}

impl Sum {
    fn plus(self, other: Sum) -> Sum {
        Sum {
            slope: self.slope + other.slope,
            curvature: self.curvature + other.curvature,
            rows: self.rows + other.rows,
        }
    }

    fn minus(self, other: Sum) -> Sum {
        self.plus(Sum { slope: -other.slope, curvature: -other.curvature, rows: -other.rows })
    }

    fn score(self, penalty: f64) -> f64 {
        self.slope * self.slope / (self.curvature + penalty).max(1e-9)
    }
}

/// A leaf that may be split.
struct Leaf {
    node: usize,
    rows: Vec<u32>,
    sum: Sum,
    /// `[column][bin]`.
    histogram: Vec<[Sum; BINS]>,
    best: Option<Split>,
}

#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f64,
    column: usize,
    /// Last bin of the left side.
    bin: usize,
    missing_left: bool,
}

impl Booster {
    /// Learns from `columns` (each as long as `targets`) on top of `first`, the
    /// logarithmic means guessed before.
    pub(super) fn learn(columns: &[Vec<f32>], targets: &[f32], first: &[f32], options: &Options) -> Self {
        let table = Table::new(columns, targets.len());
        let mut eta: Vec<f64> = first.iter().map(|eta| f64::from(*eta)).collect();
        let mut booster = Booster::default();
        for _ in 0..options.trees {
            let pull: Vec<(f32, f32)> = eta
                .par_iter()
                .zip(targets)
                .map(|(eta, y)| derivatives(*eta, f64::from(*y), options.power))
                .collect();
            let Some((tree, leaves)) = Grower { table: &table, pull: &pull, options }.grow() else {
                break;
            };
            for leaf in &leaves {
                if let Node::Leaf(value) = tree.nodes[leaf.node] {
                    leaf.rows.iter().for_each(|row| eta[*row as usize] += value);
                }
            }
            booster.trees.push(tree);
        }
        booster
    }

    /// What the trees add to the first guess for `row`.
    pub(super) fn correction(&self, row: &[f32]) -> f64 {
        self.trees.iter().map(|tree| tree.value(row)).sum()
    }
}

/// Slope and curvature of half the deviance in the logarithmic mean.
fn derivatives(eta: f64, y: f64, power: f64) -> (f32, f32) {
    let eta = eta.clamp(-FARTHEST, FARTHEST);
    let (low, high) = (y * ((1.0 - power) * eta).exp(), ((2.0 - power) * eta).exp());
    ((high - low) as f32, ((power - 1.0) * low + (2.0 - power) * high) as f32)
}

impl Tree {
    fn value(&self, row: &[f32]) -> f64 {
        let mut place = 0;
        loop {
            match self.nodes[place] {
                Node::Leaf(value) => return value,
                Node::Split { column, cut, missing_left, left, right } => {
                    let x = row[column as usize];
                    let is_left = if x.is_nan() { missing_left } else { x <= cut };
                    place = if is_left { left } else { right } as usize;
                }
            }
        }
    }
}

impl Table {
    fn new(columns: &[Vec<f32>], rows: usize) -> Self {
        let cuts: Vec<Vec<f32>> = columns.par_iter().map(|column| cuts_of(column)).collect();
        let bins = columns
            .par_iter()
            .zip(&cuts)
            .map(|(column, cuts)| {
                let bin =
                    |x: &f32| if x.is_nan() { 0 } else { 1 + cuts.partition_point(|cut| cut < x) as u8 };
                column.iter().map(bin).collect()
            })
            .collect();
        Table { rows, cuts, bins }
    }
}

/// Cuts between bins of about equal numbers of rows; a value equal to a cut lies below it.
fn cuts_of(column: &[f32]) -> Vec<f32> {
    let stride = column.len().div_ceil(VALUES_FOR_CUTS).max(1);
    let mut values: Vec<f32> = column.iter().step_by(stride).copied().filter(|x| !x.is_nan()).collect();
    values.sort_unstable_by(f32::total_cmp);
    let most = BINS - 2;
    let mut distinct = values.clone();
    distinct.dedup();
    if distinct.len() <= most + 1 {
        return distinct.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
    }
    let mut cuts: Vec<f32> = (1..=most).map(|k| values[k * values.len() / (most + 1)]).collect();
    cuts.dedup();
    cuts
}

struct Grower<'a> {
    table: &'a Table,
    pull: &'a [(f32, f32)],
    options: &'a Options,
}

impl Grower<'_> {
    /// The tree and its leaves; `None` where not even the root can be split.
    fn grow(&self) -> Option<(Tree, Vec<Leaf>)> {
        let all: Vec<u32> = (0..self.table.rows as u32).collect();
        let histogram = self.histogram(&all);
        let mut leaves = vec![self.leaf(0, all, histogram)];
        let mut tree = Tree { nodes: vec![Node::Leaf(0.0)] };
        while leaves.len() < self.options.leaves {
            let gain = |leaf: &Leaf| leaf.best.map_or(0.0, |split| split.gain);
            // The first of equal leaves, so that ties are no matter of chance.
            let best = (0..leaves.len())
                .fold(0, |best, i| if gain(&leaves[i]) > gain(&leaves[best]) { i } else { best });
            let Some(split) = leaves[best].best else {
                break;
            };
            let leaf = leaves.swap_remove(best);
            leaves.extend(self.split(leaf, &split, &mut tree));
        }
        for leaf in &leaves {
            let step = -leaf.sum.slope / (leaf.sum.curvature + self.options.penalty).max(1e-9);
            tree.nodes[leaf.node] = Node::Leaf(self.options.rate * step.clamp(-3.0, 3.0));
        }
        (leaves.len() > 1).then_some((tree, leaves))
    }

    fn split(&self, leaf: Leaf, split: &Split, tree: &mut Tree) -> [Leaf; 2] {
        let bins = &self.table.bins[split.column];
        let is_left = |row: &u32| match bins[*row as usize] {
            0 => split.missing_left,
            bin => usize::from(bin) <= split.bin,
        };
        let (left, right): (Vec<u32>, Vec<u32>) = leaf.rows.iter().partition(|row| is_left(row));
        let places = (tree.nodes.len(), tree.nodes.len() + 1);
        tree.nodes.extend([Node::Leaf(0.0); 2]);
        tree.nodes[leaf.node] = Node::Split {
            column: split.column as u32,
            cut: self.table.cuts[split.column][split.bin - 1],
            missing_left: split.missing_left,
            left: places.0 as u32,
            right: places.1 as u32,
        };
        let few_left = left.len() <= right.len();
        let few = self.histogram(if few_left { &left } else { &right });
        let mut many = leaf.histogram;
        for (whole, part) in many.iter_mut().zip(&few) {
            whole.iter_mut().zip(part).for_each(|(whole, part)| *whole = whole.minus(*part));
        }
        let (of_left, of_right) = if few_left { (few, many) } else { (many, few) };
        [self.leaf(places.0, left, of_left), self.leaf(places.1, right, of_right)]
    }

    fn leaf(&self, node: usize, rows: Vec<u32>, histogram: Vec<[Sum; BINS]>) -> Leaf {
        let sum = histogram
            .first()
            .map_or(Sum::default(), |bins| bins.iter().fold(Sum::default(), |sum, bin| sum.plus(*bin)));
        let mut best: Option<Split> = None;
        for (column, bins) in histogram.iter().enumerate() {
            if let Some(split) = self.best_split(column, bins, sum)
                && best.is_none_or(|best| split.gain > best.gain)
            {
                best = Some(split);
            }
        }
        Leaf { node, rows, sum, histogram, best }
    }

    /// Sums by column and bin.
    fn histogram(&self, rows: &[u32]) -> Vec<[Sum; BINS]> {
        let pull: Vec<(f32, f32)> = rows.iter().map(|row| self.pull[*row as usize]).collect();
        let whole = rows.len() == self.table.rows;
        self.table
            .bins
            .par_iter()
            .map(|bins| {
                let mut sums = [Sum::default(); BINS];
                let mut add = |bin: u8, pull: &(f32, f32)| {
                    let sum = &mut sums[usize::from(bin) % BINS];
                    sum.slope += f64::from(pull.0);
                    sum.curvature += f64::from(pull.1);
                    sum.rows += 1.0;
                };
                if whole {
                    bins.iter().zip(&pull).for_each(|(bin, pull)| add(*bin, pull));
                } else {
                    rows.iter().zip(&pull).for_each(|(row, pull)| add(bins[*row as usize], pull));
                }
                sums
            })
            .collect()
    }

    /// The best cut of one column.
    fn best_split(&self, column: usize, bins: &[Sum; BINS], all: Sum) -> Option<Split> {
        let Options { penalty, smallest_leaf, .. } = *self.options;
        let fewest = smallest_leaf as f64;
        let before = all.score(penalty);
        let mut best: Option<Split> = None;
        let mut below = Sum::default();
        for bin in 1..=self.table.cuts[column].len() {
            below = below.plus(bins[bin]);
            let sides: &[bool] = if bins[0].rows > 0.0 { &[true, false] } else { &[true] };
            for &missing_left in sides {
                let left = if missing_left { below.plus(bins[0]) } else { below };
                let right = all.minus(left);
                let gain = left.score(penalty) + right.score(penalty) - before;
                let enough = left.rows >= fewest && right.rows >= fewest;
                if enough && gain > 1e-9 && best.is_none_or(|best| gain > best.gain) {
                    best = Some(Split { gain, column, bin, missing_left });
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUMP: Options =
        Options { trees: 1, leaves: 2, rate: 1.0, smallest_leaf: 1, penalty: 0.5, power: 1.5 };

    /// Two columns, the second with gaps, and amounts that the second explains better.
    fn table() -> (Vec<Vec<f32>>, Vec<f32>) {
        let gap = f32::NAN;
        let first = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
        let second = vec![3.0, gap, 9.0, 1.0, 8.0, gap, 2.0, 7.0, 4.0, 6.0];
        (vec![first, second], vec![1.0, 5.0, 6.0, 0.0, 7.0, 4.0, 1.0, 9.0, 2.0, 3.0])
    }

    /// What a stump adds to each row, found by trying every cut of every column with
    /// the missing on either side.
    fn best_stump(columns: &[Vec<f32>], targets: &[f32], first: f64) -> Vec<f64> {
        let pulls: Vec<(f64, f64)> = targets
            .iter()
            .map(|y| {
                let (low, high) = (f64::from(*y) * (-0.5 * first).exp(), (0.5 * first).exp());
                (high - low, 0.5 * low + 0.5 * high)
            })
            .collect();
        let sums = |rows: &[usize]| {
            rows.iter().fold((0.0, STUMP.penalty), |sum, row| (sum.0 + pulls[*row].0, sum.1 + pulls[*row].1))
        };
        let mut best = (0.0, vec![0.0; targets.len()]);
        for column in columns {
            for cut in column.iter().filter(|x| !x.is_nan()) {
                for missing_left in [true, false] {
                    let left = |row: &usize| match column[*row] {
                        x if x.is_nan() => missing_left,
                        x => x <= *cut,
                    };
                    let (low, high): (Vec<usize>, Vec<usize>) = (0..targets.len()).partition(left);
                    let (a, b) = (sums(&low), sums(&high));
                    let gain = a.0 * a.0 / a.1 + b.0 * b.0 / b.1;
                    if !low.is_empty() && !high.is_empty() && gain > best.0 + 1e-9 {
                        let step = |row: usize| if left(&row) { -a.0 / a.1 } else { -b.0 / b.1 };
                        best = (gain, (0..targets.len()).map(step).collect());
                    }
                }
            }
        }
        best.1
    }

    fn row(columns: &[Vec<f32>], row: usize) -> Vec<f32> {
        columns.iter().map(|column| column[row]).collect()
    }

    #[test]
    fn one_stump_is_the_best_of_all_stumps() {
        let (columns, targets) = table();
        for eta in [0.0, 1.0, 2.0] {
            let booster = Booster::learn(&columns, &targets, &[eta as f32; 10], &STUMP);
            for (at, wanted) in best_stump(&columns, &targets, eta).into_iter().enumerate() {
                let found = booster.correction(&row(&columns, at));
                assert!((found - wanted).abs() < 1e-5, "row {at} from {eta}: {found} against {wanted}");
            }
        }
    }

    #[test]
    fn small_leaves_are_refused() {
        let (columns, targets) = table();
        let wide = Options { smallest_leaf: 6, ..STUMP };
        let booster = Booster::learn(&columns, &targets, &[0.0; 10], &wide);
        assert_eq!(booster, Booster::default());
    }

    #[test]
    fn each_tree_lowers_the_deviance() {
        let (columns, targets) = table();
        let deviance = |trees: usize| -> f64 {
            let options = Options { trees, leaves: 4, rate: 0.3, ..STUMP };
            let booster = Booster::learn(&columns, &targets, &[0.5; 10], &options);
            let of = |(at, y): (usize, &f32)| {
                let eta = 0.5 + booster.correction(&row(&columns, at));
                f64::from(*y) * 2.0 * (-0.5 * eta).exp() + 2.0 * (0.5 * eta).exp()
            };
            targets.iter().enumerate().map(of).sum()
        };
        let course: Vec<f64> = (0..6).map(deviance).collect();
        assert!(course.windows(2).all(|pair| pair[1] < pair[0]), "{course:?}");
    }
}
