//! Rows held out in turn, and what each part of the rows makes of the columns.
//!
//! A word that stands for hundreds of others is told by the mean of the target among
//! the rows that carry it, learned inside the fold only: for the rows learned from, by
//! the other rows of the fold, so that no row tells its own target (D. Micci-Barreca,
//! 2001, doi:10.1145/507533.507538, cross-fitted).

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bins::{Binned, Bins, Told};
use super::schema::{Input, Part};

/// Rows that the mean of all counts for in the mean of a word.
const PRIOR_ROWS: f64 = 10.0;
/// Parts of the rows of a fold in which means are learned from the others.
const PARTS: usize = 5;
/// Most rows held out where one part of the rows is held out once.
const MOST_HELD_OUT: usize = 100_000;

/// Which rows are learned from and which held out, fold by fold, each in ascending order.
pub(crate) fn split(rows: usize, seed: u64) -> Vec<(Vec<u32>, Vec<u32>)> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let (folds, held_out) = match rows {
        ..1000 => (10, rows.div_ceil(10)),
        1000..=150_000 => (5, rows.div_ceil(5)),
        150_001..=400_000 => (3, rows.div_ceil(3)),
        _ => (1, (rows / 5).min(MOST_HELD_OUT)),
    };
    let mut fold_of = vec![usize::MAX; rows];
    for (at, row) in order.iter().enumerate().take(folds * held_out) {
        fold_of[*row as usize] = at / held_out.max(1);
    }
    let part = |fold: usize| (0..rows as u32).partition(|row| fold_of[*row as usize] != fold);
    (0..folds)
        .map(part)
        .filter(|(inside, outside): &(Vec<u32>, Vec<u32>)| !inside.is_empty() && !outside.is_empty())
        .collect()
}

/// Means of the target by the codes of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Means {
    /// Column of the codes.
    column: u32,
    by_code: Vec<f32>,
    of_all: f32,
    /// The codes of `by_code` in ascending order, where not all from 0 on are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    codes: Vec<u32>,
}

impl Means {
    fn value(&self, code: f32) -> f32 {
        if code.is_nan() {
            return f32::NAN;
        }
        let place = if self.codes.is_empty() {
            Some(code as usize)
        } else {
            self.codes.binary_search(&(code as u32)).ok()
        };
        place.and_then(|place| self.by_code.get(place)).copied().unwrap_or(self.of_all)
    }
}

/// How the numbers of a row become the columns that a fold learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Encoding {
    means: Vec<Means>,
    bins: Vec<Bins>,
}

/// Rows in the form that learners take.
pub(crate) struct Rows {
    pub(crate) columns: Vec<Vec<f32>>,
    pub(crate) binned: Binned,
}

impl Rows {
    /// One row alone.
    pub(crate) fn only(&self, row: usize) -> Rows {
        let which = [row as u32];
        Rows {
            columns: self.columns.iter().map(|column| vec![column[row]]).collect(),
            binned: self.binned.take(&which),
        }
    }
}

impl Encoding {
    /// Learns from `rows` of the numbers `base` and brings them into form; `targets` are those
    /// whose means tell a word.
    pub(crate) fn learn(
        inputs: &[Input],
        base: &[Vec<f32>],
        base_bins: &[Bins],
        targets: &[Vec<f64>],
        rows: &[u32],
        seed: u64,
    ) -> (Self, Rows) {
        let mut columns: Vec<Vec<f32>> = base.par_iter().map(|column| take(column, rows)).collect();
        let targets: Vec<Vec<f64>> = targets.iter().map(|target| take_targets(target, rows)).collect();
        let mut means = Vec::new();
        for (at, input) in inputs.iter().filter(|input| input.part == Part::Mean).enumerate() {
            let column = code_column(inputs, input.feature);
            let is_sparse = base_bins[column].told() == Told::Bucket;
            let y = &targets[at % targets.len()];
            let (table, of_rows) = cross_fitted(column, is_sparse, &columns[column], y, seed);
            means.push(table);
            columns.push(of_rows);
        }
        let mut bins = base_bins.to_vec();
        bins.extend(columns[base.len()..].iter().map(|column| Bins::of_numbers(column)));
        let binned = Binned::new(&columns, &bins);
        (Encoding { means, bins }, Rows { columns, binned })
    }

    /// Brings rows of the numbers `base` into form.
    pub(crate) fn form(&self, base: &[Vec<f32>]) -> Rows {
        let mut columns = base.to_vec();
        for means in &self.means {
            columns.push(base[means.column as usize].iter().map(|code| means.value(*code)).collect());
        }
        let binned = Binned::new(&columns, &self.bins);
        Rows { columns, binned }
    }

    /// Columns that are means of the target.
    pub(crate) fn means(&self) -> usize {
        self.means.len()
    }

    /// Bins of all columns.
    pub(crate) fn bins(&self) -> &[Bins] {
        &self.bins
    }

    /// Bins of the columns that need no target.
    pub(crate) fn base_bins(&self) -> &[Bins] {
        &self.bins[..self.bins.len() - self.means.len()]
    }

    /// What all columns tell.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.bins.iter().map(Bins::told).collect()
    }

    /// Whether rows take the same form in both.
    pub(crate) fn is_same_form(&self, other: &Encoding) -> bool {
        self == other
    }

    /// Whether it fits to `inputs`.
    pub(crate) fn is_sound(&self, inputs: &[Input]) -> bool {
        let wanted = inputs.iter().filter(|input| input.part == Part::Mean);
        self.bins.len() == inputs.len()
            && self.means.len() == wanted.clone().count()
            && wanted.zip(&self.means).all(|(input, means)| {
                (means.codes.is_empty() || means.codes.len() == means.by_code.len())
                    && inputs.get(means.column as usize)
                        == Some(&Input { feature: input.feature, part: Part::Code })
            })
    }
}

/// Some rows of columns.
pub(crate) fn take_columns(base: &[Vec<f32>], rows: &[u32]) -> Vec<Vec<f32>> {
    base.par_iter().map(|column| take(column, rows)).collect()
}

/// Some rows of a target.
pub(crate) fn take_targets(target: &[f64], rows: &[u32]) -> Vec<f64> {
    rows.iter().map(|row| target[*row as usize]).collect()
}

fn take(column: &[f32], rows: &[u32]) -> Vec<f32> {
    rows.iter().map(|row| column[*row as usize]).collect()
}

fn code_column(inputs: &[Input], feature: usize) -> usize {
    inputs.iter().position(|input| input.feature == feature && input.part == Part::Code).unwrap_or(0)
}

/// Means for new rows, and for the rows themselves as the other parts tell them; `is_sparse` for
/// codes most of which stand in no row.
fn cross_fitted(column: usize, is_sparse: bool, codes: &[f32], y: &[f64], seed: u64) -> (Means, Vec<f32>) {
    let mean = y.iter().sum::<f64>() / y.len().max(1) as f64;
    let filled = codes.iter().filter(|code| !code.is_nan()).map(|code| *code as u32);
    let (met, known): (Vec<u32>, usize) = if is_sparse {
        let mut met: Vec<u32> = filled.collect();
        met.sort_unstable();
        met.dedup();
        let known = met.len();
        (met, known)
    } else {
        (Vec::new(), filled.fold(0, |most, code| most.max(code as usize + 1)))
    };
    let place = |code: f32| {
        if is_sparse { met.binary_search(&(code as u32)).unwrap_or(0) } else { code as usize }
    };
    let mut part_of: Vec<u8> = (0..y.len()).map(|row| (row % PARTS) as u8).collect();
    part_of.shuffle(&mut ChaCha8Rng::seed_from_u64(seed ^ 0x6d65_616e ^ ((column as u64) << 32)));
    // Sums and counts by code, of all rows and of each part.
    let mut sums = vec![[[0.0_f64; 2]; PARTS + 1]; known];
    for (row, code) in codes.iter().enumerate().filter(|(_, code)| !code.is_nan()) {
        let of_code = &mut sums[place(*code)];
        for place in [usize::from(part_of[row]), PARTS] {
            of_code[place][0] += y[row];
            of_code[place][1] += 1.0;
        }
    }
    let shrunk = |sum: f64, count: f64| ((sum + PRIOR_ROWS * mean) / (count + PRIOR_ROWS)) as f32;
    let by_code = sums.iter().map(|of_code| shrunk(of_code[PARTS][0], of_code[PARTS][1])).collect();
    let of_row = |(row, code): (usize, &f32)| {
        if code.is_nan() {
            return f32::NAN;
        }
        let of_code = &sums[place(*code)];
        let (all, own) = (of_code[PARTS], of_code[usize::from(part_of[row])]);
        shrunk(all[0] - own[0], all[1] - own[1])
    };
    let of_rows = codes.iter().enumerate().map(of_row).collect();
    (Means { column: column as u32, by_code, of_all: mean as f32, codes: met }, of_rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_held_out_once() {
        let folds = split(2003, 1);
        let mut seen = vec![0; 2003];
        for (inside, outside) in &folds {
            assert_eq!(inside.len() + outside.len(), 2003);
            outside.iter().for_each(|row| seen[*row as usize] += 1);
        }
        assert!(folds.len() == 5 && seen.iter().all(|times| *times == 1));
        assert_eq!((split(30, 1).len(), split(500_000, 1).len()), (10, 1));
    }

    #[test]
    fn no_row_tells_its_own_target() {
        let codes: Vec<f32> = (0..1000).map(|row| row as f32).collect();
        let y: Vec<f64> = (0..1000).map(|row| f64::from(row % 2)).collect();
        let (means, of_rows) = cross_fitted(0, false, &codes, &y, 3);
        let (sparse, _) = cross_fitted(0, true, &codes[..1], &y[..1], 3);
        assert_eq!((sparse.codes.len(), sparse.value(0.0), sparse.value(7.0)), (1, 0.0, 0.0));
        // The same means, whether places are kept for all codes or for those met.
        let twos: Vec<f32> = codes.iter().map(|code| code % 25.0 * 3.0).collect();
        let ((dense, of_dense), (sparse, of_sparse)) =
            (cross_fitted(0, false, &twos, &y, 3), cross_fitted(0, true, &twos, &y, 3));
        assert!(of_dense == of_sparse && (dense.by_code.len(), sparse.by_code.len()) == (73, 25));
        assert!((0..25).all(|code| dense.value(3.0 * code as f32) == sparse.value(3.0 * code as f32)));
        assert_eq!(sparse.value(4.0), sparse.of_all);
        // Every word stands in one row, so the other rows know nothing of it.
        assert!(of_rows.iter().all(|x| (x - 0.5).abs() < 1e-6));
        assert!(means.value(1.0) > 0.5 && means.value(2.0) < 0.5);
        assert!(means.value(f32::NAN).is_nan() && means.value(5000.0) == 0.5);
    }
}
