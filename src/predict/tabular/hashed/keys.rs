//! The places of a row's cells in a table of weights, and such tables.

use serde::{Deserialize, Serialize};

use super::{Factors, MOST_NUMBERS, Online};
use crate::predict::tabular::bins::{Bins, Told};
use crate::predict::tabular::folds::Rows;
use crate::predict::tabular::schema::mix;

/// Numbers with more bins than this are told by every eighth cut.
const FINE_BINS: usize = 40;
const COARSE: u8 = 8;
/// Longest table that is read.
const MOST_BUCKETS: u32 = 1 << 24;

/// How a column's cells are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Bin,
    CoarseBin,
    Code,
}

impl Field {
    /// The fields of the columns of `bins`.
    pub(crate) fn of(bins: &[Bins]) -> Vec<Self> {
        let of_column = |bins: &Bins| match bins.told() {
            Told::Size if bins.count() > FINE_BINS => Field::CoarseBin,
            Told::Size => Field::Bin,
            Told::Word | Told::Bucket => Field::Code,
        };
        bins.iter().map(of_column).collect()
    }

    fn value(self, rows: &Rows, column: usize, row: usize) -> u32 {
        let bin = || rows.binned.columns[column][row];
        match self {
            Field::Bin => u32::from(bin()),
            Field::CoarseBin => u32::from(bin().div_ceil(COARSE)),
            Field::Code => {
                let code = rows.columns[column][row];
                if code.is_nan() { u32::MAX } else { code as u32 }
            }
        }
    }
}

/// One place a column, row after row.
pub(crate) struct Keys {
    fields: usize,
    places: Vec<u32>,
}

impl Keys {
    /// The places of rows among `buckets`.
    pub(crate) fn of(rows: &Rows, fields: &[Field], buckets: u32) -> Self {
        let mut places = vec![0; rows.binned.rows * fields.len()];
        for (column, field) in fields.iter().enumerate() {
            let of_column = places.iter_mut().skip(column).step_by(fields.len());
            for (row, place) in of_column.enumerate() {
                let value = u64::from(field.value(rows, column, row));
                *place = (mix((column as u64) << 32 | value) % u64::from(buckets.max(1))) as u32;
            }
        }
        Keys { fields: fields.len(), places }
    }

    pub(crate) fn rows(&self) -> usize {
        self.places.len() / self.fields.max(1)
    }

    pub(crate) fn row(&self, row: usize) -> &[u32] {
        &self.places[row * self.fields..(row + 1) * self.fields]
    }
}

/// Numbers by place; saved without the places that hold none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Saved", try_from = "Saved")]
pub(crate) struct Weights {
    width: usize,
    cells: Vec<f32>,
}

impl Weights {
    pub(crate) fn new(buckets: u32, width: usize) -> Self {
        Weights { width, cells: vec![0.0; buckets as usize * width] }
    }

    pub(crate) fn buckets(&self) -> usize {
        self.cells.len() / self.width
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn at(&self, place: u32) -> &[f32] {
        &self.cells[place as usize * self.width..][..self.width]
    }

    pub(crate) fn at_mut(&mut self, place: u32) -> &mut [f32] {
        &mut self.cells[place as usize * self.width..][..self.width]
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| *cell == 0.0)
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Saved {
    buckets: u32,
    width: usize,
    places: Vec<u32>,
    cells: Vec<f32>,
}

impl From<Weights> for Saved {
    fn from(weights: Weights) -> Self {
        let buckets = weights.buckets() as u32;
        let filled = |place: &u32| weights.at(*place).iter().any(|cell| *cell != 0.0);
        let places: Vec<u32> = (0..buckets).filter(filled).collect();
        let cells = places.iter().flat_map(|place| weights.at(*place)).copied().collect();
        Saved { buckets, width: weights.width, places, cells }
    }
}

impl TryFrom<Saved> for Weights {
    type Error = String;

    fn try_from(saved: Saved) -> Result<Self, String> {
        let fits = (1..=MOST_BUCKETS).contains(&saved.buckets)
            && [Online::WIDTH, Factors::WIDTH].contains(&saved.width)
            && saved.buckets as usize * saved.width <= MOST_NUMBERS
            && saved.cells.len() == saved.places.len() * saved.width
            && saved.places.iter().all(|place| *place < saved.buckets)
            && saved.cells.iter().all(|cell| cell.is_finite());
        if !fits {
            return Err("a table of weights whose parts do not fit together".to_owned());
        }
        let mut weights = Weights::new(saved.buckets, saved.width);
        for (place, cells) in saved.places.iter().zip(saved.cells.chunks_exact(saved.width)) {
            weights.at_mut(*place).copy_from_slice(cells);
        }
        Ok(weights)
    }
}
