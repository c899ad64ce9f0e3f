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

use super::bins::{Binned, Bins};
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
}

impl Means {
    fn value(&self, code: f32) -> f32 {
        if code.is_nan() {
            return f32::NAN;
        }
        self.by_code.get(code as usize).copied().unwrap_or(self.of_all)
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

impl Encoding {
    /// Learns from `rows` of the numbers `base` and brings them into form.
    pub(crate) fn learn(
        inputs: &[Input],
        base: &[Vec<f32>],
        base_bins: &[Bins],
        target: &[f64],
        rows: &[u32],
        seed: u64,
    ) -> (Self, Rows) {
        let mut columns: Vec<Vec<f32>> = base.par_iter().map(|column| take(column, rows)).collect();
        let y = take_targets(target, rows);
        let mut means = Vec::new();
        for input in inputs.iter().filter(|input| input.part == Part::Mean) {
            let column = code_column(inputs, input.feature);
            let (table, of_rows) = cross_fitted(column, &columns[column], &y, seed);
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

    /// Bins of all columns.
    pub(crate) fn bins(&self) -> &[Bins] {
        &self.bins
    }

    /// Which columns hold codes.
    pub(crate) fn is_code(&self) -> Vec<bool> {
        self.bins.iter().map(Bins::is_codes).collect()
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
                inputs.get(means.column as usize) == Some(&Input { feature: input.feature, part: Part::Code })
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

/// Means for new rows, and for the rows themselves as the other parts tell them.
fn cross_fitted(column: usize, codes: &[f32], y: &[f64], seed: u64) -> (Means, Vec<f32>) {
    let mean = y.iter().sum::<f64>() / y.len().max(1) as f64;
    let known = codes.iter().filter(|code| !code.is_nan()).fold(0, |most, code| most.max(*code as usize + 1));
    let mut part_of: Vec<u8> = (0..y.len()).map(|row| (row % PARTS) as u8).collect();
    part_of.shuffle(&mut ChaCha8Rng::seed_from_u64(seed ^ 0x6d65_616e ^ ((column as u64) << 32)));
    // Sums and counts by code, of all rows and of each part.
    let mut sums = vec![[[0.0_f64; 2]; PARTS + 1]; known];
    for (row, code) in codes.iter().enumerate().filter(|(_, code)| !code.is_nan()) {
        let of_code = &mut sums[*code as usize];
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
        let of_code = &sums[*code as usize];
        let (all, own) = (of_code[PARTS], of_code[usize::from(part_of[row])]);
        shrunk(all[0] - own[0], all[1] - own[1])
    };
    let of_rows = codes.iter().enumerate().map(of_row).collect();
    (Means { column: column as u32, by_code, of_all: mean as f32 }, of_rows)
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
        let (means, of_rows) = cross_fitted(0, &codes, &y, 3);
        // Every word stands in one row, so the other rows know nothing of it.
        assert!(of_rows.iter().all(|x| (x - 0.5).abs() < 1e-6));
        assert!(means.value(1.0) > 0.5 && means.value(2.0) < 0.5);
        assert!(means.value(f32::NAN).is_nan() && means.value(5000.0) == 0.5);
    }
}
