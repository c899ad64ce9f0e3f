//! What the columns do to the answers: on the whole, along a column, and in one row.
//!
//! On the whole: permutation importance, L. Breiman (2001), doi:10.1023/A:1010933404324.
//! Along a column: partial dependence, J. H. Friedman (2001), doi:10.1214/aos/1013203451.
//! In one row: `boost/shap.rs`, and the ways through the trees of a forest.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::frame::{Cells, Frame};
use super::model::{Model, PredictError};
use super::schema::{FeatureKind, Schema};
use crate::control::Control;

/// Rows that importance is measured on.
const ROWS_FOR_IMPORTANCE: usize = 2000;
/// Rows that partial dependence is a mean over.
const ROWS_FOR_CURVES: usize = 150;
/// Points of a curve.
const POINTS: usize = 16;

/// How the mean answer moves along one column, all other columns as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The column.
    pub feature: String,
    /// Positions: numbers, or days since 1970-01-01, or words.
    pub at: Positions,
    /// Mean answer at each position.
    pub mean: Vec<f64>,
}

/// Positions of a [`Curve`].
#[derive(Debug, Clone, PartialEq)]
pub enum Positions {
    /// Numbers in ascending order.
    Numbers(Vec<f64>),
    /// Days since 1970-01-01 in ascending order.
    Days(Vec<f64>),
    /// Words, the commonest first.
    Words(Vec<String>),
}

/// Why one row has the answer that it has.
#[derive(Debug, Clone, PartialEq)]
pub struct RowEffects {
    /// The answer for a row of which nothing is known.
    pub base: f64,
    /// By feature of the schema: added to the base one after the other; on a scale of
    /// logarithms or odds the parts are in proportion to those on that scale.
    pub by_feature: Vec<f64>,
    /// The answer: the base and all effects.
    pub answer: f64,
}

/// Rows held out that importance is measured on, and the fold that holds each out.
pub(crate) struct Sample {
    pub(crate) rows: Vec<u32>,
    pub(crate) fold_of: Vec<u32>,
}

impl Sample {
    /// Some of `rows`, at random.
    pub(crate) fn of(rows: &[u32], fold_of: &[u32], seed: u64) -> Self {
        let mut places: Vec<usize> = (0..rows.len()).collect();
        places.shuffle(&mut ChaCha8Rng::seed_from_u64(seed ^ 0x696d_706f));
        places.truncate(ROWS_FOR_IMPORTANCE);
        places.sort_unstable();
        let take = |of: &[u32]| places.iter().map(|place| of[*place]).collect();
        Sample { rows: take(rows), fold_of: take(fold_of) }
    }
}

/// By feature: how much the error grows when the feature's numbers are shuffled among the rows.
pub(crate) fn importance(
    schema: &Schema,
    base: &[Vec<f32>],
    seed: u64,
    error: &(dyn Fn(&[Vec<f32>]) -> f64 + Sync),
) -> Vec<f64> {
    let usual = error(base);
    let inputs = schema.inputs(0);
    let rows = base.first().map_or(0, Vec::len) as u32;
    (0..schema.features.len())
        .into_par_iter()
        .map(|feature| {
            let mut order: Vec<u32> = (0..rows).collect();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed.wrapping_add(feature as u64)));
            let mut shuffled = base.to_vec();
            for (column, _) in inputs.iter().zip(base).enumerate().filter(|(_, (i, _))| i.feature == feature)
            {
                shuffled[column] = order.iter().map(|row| base[column][*row as usize]).collect();
            }
            error(&shuffled) - usual
        })
        .collect()
}

/// Features by importance, the greatest first.
pub(crate) fn ranking(importance: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..importance.len()).collect();
    order.sort_by(|a, b| importance[*b].total_cmp(&importance[*a]));
    order
}

/// Positions along one feature, and the numbers of some rows with all of them at each.
pub(crate) fn along(schema: &Schema, frame: &Frame, feature: usize) -> (Positions, Vec<Vec<Vec<f32>>>) {
    let known = &schema.features[feature];
    let stride = frame.rows().div_ceil(ROWS_FOR_CURVES).max(1);
    let rows: Vec<u32> = (0..frame.rows() as u32).step_by(stride).collect();
    let at = match (&known.kind, frame.column(&known.name)) {
        (FeatureKind::Category { levels }, _) => {
            Positions::Words(levels.iter().take(POINTS).cloned().collect())
        }
        (FeatureKind::Hashed { .. }, Some(cells)) => Positions::Words(commonest(cells)),
        (FeatureKind::Day { .. }, Some(Cells::Day(days))) => Positions::Days(grid(days)),
        (_, Some(Cells::Number(numbers))) => Positions::Numbers(grid(numbers)),
        _ => Positions::Numbers(Vec::new()),
    };
    let part = some_rows(frame, &rows);
    let n = rows.len();
    let cells_at: Vec<Cells> = match &at {
        Positions::Numbers(xs) => xs.iter().map(|x| Cells::Number(vec![*x; n])).collect(),
        Positions::Days(days) => days.iter().map(|day| Cells::Day(vec![*day; n])).collect(),
        Positions::Words(words) => {
            words.iter().map(|word| Cells::Category((0..n).map(|_| word).collect())).collect()
        }
    };
    let at_each = |cells| schema.encode(&part.clone().with(known.name.clone(), cells));
    let numbers = cells_at.into_iter().map(at_each).collect();
    (at, numbers)
}

/// The first words of a column by how often they stand there.
fn commonest(cells: &Cells) -> Vec<String> {
    let words: Vec<String> = match cells {
        Cells::Category(words) => (0..words.index().len()).map(|row| words.get(row).to_owned()).collect(),
        Cells::Number(values) | Cells::Day(values) => {
            values.iter().filter(|x| !x.is_nan()).map(f64::to_string).collect()
        }
    };
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    words.iter().filter(|word| !word.is_empty()).for_each(|word| *counts.entry(word).or_default() += 1);
    let mut order: Vec<(&str, usize)> = counts.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    order.into_iter().take(POINTS).map(|(word, _)| word.to_owned()).collect()
}

/// Some rows of a frame.
pub(crate) fn some_rows(frame: &Frame, rows: &[u32]) -> Frame {
    let columns = frame.columns().iter();
    columns.fold(Frame::default(), |part, (name, cells)| part.with(name.clone(), cells.take(rows)))
}

impl Model {
    /// Features by importance, the greatest first.
    #[must_use]
    pub fn ranking(&self) -> Vec<usize> {
        ranking(&self.importance)
    }

    /// The curve of one feature over some of the rows of `frame`.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn curve(&self, frame: &Frame, feature: usize, control: &Control) -> Result<Curve, PredictError> {
        let (frame, _) = self.schema.review(frame).map_err(|notes| PredictError::Columns { notes })?;
        let (at, numbers) = along(&self.schema, &frame, feature);
        let mean_of = |base: &Vec<Vec<f32>>| {
            let answers = self.answers(base);
            answers.iter().sum::<f64>() / answers.len().max(1) as f64
        };
        let mean = control.install(|| numbers.iter().map(mean_of).collect());
        Ok(Curve { feature: self.schema.features[feature].name.clone(), at, mean })
    }

    /// Why the first `most` rows of `frame` have the answers that they have.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn explain(
        &self,
        frame: &Frame,
        most: usize,
        control: &Control,
    ) -> Result<Vec<RowEffects>, PredictError> {
        let (frame, _) = self.schema.review(frame).map_err(|notes| PredictError::Columns { notes })?;
        let rows: Vec<u32> = (0..frame.rows().min(most) as u32).collect();
        let part = some_rows(&frame, &rows);
        let effects = control.install(|| self.effects(&self.schema.encode(&part)));
        Ok(effects.into_iter().map(|of_row| self.in_units(of_row)).collect())
    }

    /// Effects on the scale of learning, brought to the target's own unit.
    fn in_units(&self, mut of_row: Vec<f64>) -> RowEffects {
        let start = of_row.pop().unwrap_or(0.0);
        let whole: f64 = of_row.iter().sum();
        let end = (start + whole).clamp(self.reach[0], self.reach[1]);
        let (base, answer) = (self.scale.back(start), self.scale.back(end));
        let stretch = if whole == 0.0 { 0.0 } else { (answer - base) / whole };
        RowEffects { base, by_feature: of_row.iter().map(|effect| effect * stretch).collect(), answer }
    }
}

/// Quantiles of a column, each once.
fn grid(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let mut grid: Vec<f64> = (0..POINTS)
        .filter_map(|k| {
            sorted.get((0.01 * last as f64 + 0.98 * last as f64 * k as f64 / (POINTS - 1) as f64) as usize)
        })
        .copied()
        .collect();
    grid.dedup();
    grid
}
