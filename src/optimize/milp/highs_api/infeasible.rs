//! What HiGHS says of a program without an answer: a ray, an infeasible subset, and in tests its own relaxation.

use super::Highs;
use highs_sys::{Highs_getDualRay, Highs_getIis, HighsInt, kHighsStatusError};
use std::ptr::null_mut;

/// A side of a pair of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sides {
    pub lower: bool,
    pub upper: bool,
}

/// Rows and columns that HiGHS names as infeasible together, with the sides that count.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawIis {
    pub rows: Vec<(usize, Sides)>,
    pub columns: Vec<(usize, Sides)>,
}

impl Highs {
    /// The multipliers of the rows that prove an LP infeasible, after a
    /// simplex run without presolve; `None` where HiGHS holds none.
    pub(crate) fn dual_ray(&mut self) -> Option<Vec<f64>> {
        let (mut has_ray, mut ray) = (0, vec![0.0; self.rows()]);
        if ray.is_empty() {
            return None;
        }
        // SAFETY: the instance is alive and the array has one element a row.
        let status = unsafe { Highs_getDualRay(self.ptr(), &mut has_ray, ray.as_mut_ptr()) };
        (status != kHighsStatusError && has_ray != 0).then_some(ray)
    }

    /// HiGHS's own infeasible subset of the LP (of a MIP: of its relaxation);
    /// empty where it finds none.
    pub(crate) fn iis(&mut self) -> RawIis {
        let (columns, rows) = (self.columns(), self.rows());
        let (mut iis_columns, mut iis_rows) = (0, 0);
        let (mut column_index, mut row_index) = (vec![0; columns], vec![0; rows]);
        let (mut column_bound, mut row_bound) = (vec![0; columns], vec![0; rows]);
        // SAFETY: a subset has at most as many columns and rows as the model,
        // which is the length of the arrays; the two status arrays may be null.
        let status = unsafe {
            Highs_getIis(
                self.ptr(),
                &mut iis_columns,
                &mut iis_rows,
                column_index.as_mut_ptr(),
                row_index.as_mut_ptr(),
                column_bound.as_mut_ptr(),
                row_bound.as_mut_ptr(),
                null_mut(),
                null_mut(),
            )
        };
        if status == kHighsStatusError {
            return RawIis::default();
        }
        RawIis {
            rows: with_sides(&row_index, &row_bound, iis_rows),
            columns: with_sides(&column_index, &column_bound, iis_columns),
        }
    }

    /// Minimises the sum of violations with HiGHS's own method, the oracle of
    /// the relaxation's tests; a negative penalty means that the bound must
    /// hold. Returns whether it succeeded.
    #[cfg(test)]
    pub(crate) fn feasibility_relaxation(&mut self, lower: f64, upper: f64, rows: f64) -> bool {
        // SAFETY: the instance is alive; null local penalties mean that the
        // three global ones are used.
        let status = unsafe {
            highs_sys::Highs_feasibilityRelaxation(
                self.ptr(),
                lower,
                upper,
                rows,
                null_mut(),
                null_mut(),
                null_mut(),
            )
        };
        status != kHighsStatusError
    }
}

/// Pairs indices with the sides that the status codes 2 (lower), 3 (upper) and 4 (both) name.
fn with_sides(indices: &[HighsInt], bounds: &[HighsInt], len: HighsInt) -> Vec<(usize, Sides)> {
    let len = usize::try_from(len).unwrap_or(0);
    let pairs = indices.iter().zip(bounds).take(len);
    let pairs = pairs.filter(|(_, bound)| (2..=4).contains(*bound));
    pairs
        .map(|(&index, &bound)| {
            let sides = Sides { lower: bound == 2 || bound == 4, upper: bound == 3 || bound == 4 };
            (usize::try_from(index).unwrap_or(0), sides)
        })
        .collect()
}
