//! Columns of numbers and codes in at most 256 bins each, in which trees look for cuts.
//!
//! Bin 0 holds what is blank. Numbers are cut where about equally many rows lie
//! between two cuts; the commonest 254 codes have a bin each, all others share the last.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::tree::Tree;

/// Bins for values of a column; bin 0 is for blanks.
const MOST_CUTS: usize = 254;

/// Codes with a bin of their own.
pub(crate) const OWN_CODES: usize = 254;

/// Values of a column that its cuts are found from.
const VALUES_FOR_CUTS: usize = 200_000;

/// Rows that a tree is asked for one after the other.
const ROWS_AT_A_TIME: usize = 256;

/// What the numbers of a column tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// A size.
    Size,
    /// A word, by its place among the words known.
    Word,
    /// One of very many buckets of words.
    Bucket,
}

/// How one column becomes bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bins {
    /// A value lies in the bin after the last cut below it.
    Cuts(Vec<f32>),
    /// Codes from 0; this many are known, rarer ones after commoner ones. Of buckets of words
    /// none is known: all share one bin.
    Codes(u32),
}

impl Bins {
    /// Cuts of a column of numbers.
    pub(crate) fn of_numbers(column: &[f32]) -> Self {
        let stride = column.len().div_ceil(VALUES_FOR_CUTS).max(1);
        let mut values: Vec<f32> = column.iter().step_by(stride).copied().filter(|x| !x.is_nan()).collect();
        values.sort_unstable_by(f32::total_cmp);
        let mut distinct = values.clone();
        distinct.dedup();
        let between = |low: f32, high: f32| {
            let middle = 0.5 * low + 0.5 * high;
            if middle < high { middle } else { low }
        };
        if distinct.len() <= MOST_CUTS + 1 {
            return Bins::Cuts(distinct.windows(2).map(|pair| between(pair[0], pair[1])).collect());
        }
        let mut cuts = Vec::with_capacity(MOST_CUTS);
        for k in 1..=MOST_CUTS {
            let value = values[k * values.len() / (MOST_CUTS + 1)];
            let next = values.partition_point(|x| *x <= value);
            let cut = values.get(next).map(|&above| between(value, above));
            cuts.extend(cut.filter(|cut| cuts.last().is_none_or(|last| last < cut)));
        }
        Bins::Cuts(cuts)
    }

    /// The bin of one value.
    pub(crate) fn bin(&self, x: f32) -> u8 {
        match self {
            _ if x.is_nan() => 0,
            Bins::Cuts(cuts) => 1 + cuts.partition_point(|cut| *cut < x) as u8,
            Bins::Codes(known) if x < *known as f32 && (x as usize) < OWN_CODES => 1 + x as u8,
            Bins::Codes(_) => u8::MAX,
        }
    }

    /// Number of bins.
    pub(crate) fn count(&self) -> usize {
        match self {
            Bins::Cuts(cuts) => cuts.len() + 2,
            Bins::Codes(_) => 256,
        }
    }

    /// What the numbers of the column tell.
    pub(crate) fn told(&self) -> Told {
        match self {
            Bins::Cuts(_) => Told::Size,
            Bins::Codes(0) => Told::Bucket,
            Bins::Codes(_) => Told::Word,
        }
    }

    /// Whether bins have no order.
    pub(crate) fn is_codes(&self) -> bool {
        matches!(self, Bins::Codes(_))
    }
}

/// Puts the rows that go left before those that go right, each in their order; gives the number of the left.
pub(crate) fn part_rows(rows: &mut [u32], spare: &mut [u32], goes_left: impl Fn(u32) -> bool) -> usize {
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        let row = rows[at];
        if goes_left(row) {
            rows[left] = row;
            left += 1;
        } else {
            spare[right] = row;
            right += 1;
        }
    }
    rows[left..].copy_from_slice(&spare[..right]);
    left
}

/// Rows in bins, by column for growing trees and by row for asking them.
pub(crate) struct Binned {
    pub(crate) rows: usize,
    /// `[column][row]`.
    pub(crate) columns: Vec<Vec<u8>>,
    /// `[row * columns + column]`.
    pub(crate) by_row: Vec<u8>,
}

impl Binned {
    /// Sorts `columns` (each as long as the others) into `bins`.
    pub(crate) fn new(columns: &[Vec<f32>], bins: &[Bins]) -> Self {
        let rows = columns.first().map_or(0, Vec::len);
        let binned: Vec<Vec<u8>> = columns
            .par_iter()
            .zip(bins)
            .map(|(column, bins)| column.iter().map(|x| bins.bin(*x)).collect())
            .collect();
        let by_row = transpose(&binned, rows);
        Binned { rows, columns: binned, by_row }
    }

    /// Only some rows, in the order given.
    pub(crate) fn take(&self, rows: &[u32]) -> Self {
        let columns: Vec<Vec<u8>> = self
            .columns
            .par_iter()
            .map(|column| rows.iter().map(|row| column[*row as usize]).collect())
            .collect();
        let by_row = transpose(&columns, rows.len());
        Binned { rows: rows.len(), columns, by_row }
    }

    /// The answers of `trees` for all rows, added up on top of `start`.
    ///
    /// Goes tree by tree over few rows at a time, so that a tree stays in the nearest memory.
    pub(crate) fn sum_of(&self, trees: &[Tree], start: f64) -> Vec<f64> {
        let mut sums = vec![start; self.rows];
        sums.par_chunks_mut(ROWS_AT_A_TIME).enumerate().for_each(|(block, sums)| {
            let first = block * ROWS_AT_A_TIME;
            for tree in trees {
                for (row, sum) in sums.iter_mut().enumerate() {
                    *sum += tree.value(self.row(first + row));
                }
            }
        });
        sums
    }

    /// The bins of one row.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let width = self.columns.len();
        &self.by_row[row * width..(row + 1) * width]
    }
}

fn transpose(columns: &[Vec<u8>], rows: usize) -> Vec<u8> {
    let width = columns.len();
    let mut by_row = vec![0; rows * width];
    for (at, column) in columns.iter().enumerate() {
        for (row, bin) in column.iter().enumerate() {
            by_row[row * width + at] = *bin;
        }
    }
    by_row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_a_bin_each() {
        let bins = Bins::of_numbers(&[3.0, 1.0, f32::NAN, 1.0, 2.0]);
        assert_eq!(bins, Bins::Cuts(vec![1.5, 2.5]));
        assert_eq!([f32::NAN, 1.0, 2.0, 3.0, 9.0].map(|x| bins.bin(x)), [0, 1, 2, 3, 3]);
        assert_eq!(bins.count(), 4);
    }

    #[test]
    fn many_values_share_bins_of_equal_size() {
        let column: Vec<f32> = (0..10_000).map(|k| (k * 7919 % 10_000) as f32).collect();
        let bins = Bins::of_numbers(&column);
        let mut sizes = vec![0; bins.count()];
        column.iter().for_each(|x| sizes[bins.bin(*x) as usize] += 1);
        assert_eq!((bins.count(), sizes[0]), (256, 0));
        assert!(sizes[1..].iter().all(|size| (30..=50).contains(size)), "{sizes:?}");
    }

    #[test]
    fn neighbours_in_f32_stay_apart() {
        let (low, high) = (1.0_f32, f32::from_bits(1.0_f32.to_bits() + 1));
        let bins = Bins::of_numbers(&[low, high]);
        assert_eq!([bins.bin(low), bins.bin(high)], [1, 2]);
    }

    #[test]
    fn rare_and_unknown_codes_share_the_last_bin() {
        let bins = Bins::Codes(300);
        assert_eq!([0.0, 253.0, 254.0, 299.0, 300.0].map(|x| bins.bin(x)), [1, 254, 255, 255, 255]);
        assert_eq!(Bins::Codes(2).bin(2.0), 255);
    }
}
