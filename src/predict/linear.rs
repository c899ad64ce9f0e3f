//! Small symmetric systems of equations.
//!
//! Given a symmetric positive definite matrix A and a vector b, find x with A x = b.
//!
//! Method: the square-root-free factorisation of A.-L. Cholesky, as in G. H.
//! Golub, C. F. Van Loan (2013), "Matrix Computations", section 4.1.
//! Cost: time O(k^3 / 6), no memory of its own, with k = unknowns.
//! Use a library instead when k is in the hundreds.
//! Not for: indefinite matrices (it says so and stops).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the book: none.

/// Solves in place: `a` (row-major, k x k) is overwritten, `b` becomes x. False
/// where `a` is not positive definite.
pub(crate) fn solve_symmetric(a: &mut [f64], b: &mut [f64]) -> bool {
    let k = b.len();
    for j in 0..k {
        let mut pivot = a[j * k + j];
        for p in 0..j {
            pivot -= a[j * k + p] * a[j * k + p] * a[p * k + p];
        }
        // NaN and round-off both end here.
        if pivot.is_nan() || pivot <= 1e-12 * a[j * k + j].abs() {
            return false;
        }
        a[j * k + j] = pivot;
        for i in j + 1..k {
            let mut value = a[i * k + j];
            for p in 0..j {
                value -= a[i * k + p] * a[j * k + p] * a[p * k + p];
            }
            a[i * k + j] = value / pivot;
        }
    }
    for i in 0..k {
        for p in 0..i {
            b[i] -= a[i * k + p] * b[p];
        }
    }
    for i in (0..k).rev() {
        b[i] /= a[i * k + i];
        for p in i + 1..k {
            b[i] -= a[p * k + i] * b[p];
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_a_small_system() {
        let mut a = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let x = [1.0, -2.0, 0.5];
        let mut b: Vec<f64> = (0..3).map(|i| (0..3).map(|j| a[i * 3 + j] * x[j]).sum()).collect();
        assert!(solve_symmetric(&mut a, &mut b));
        for (found, wanted) in b.iter().zip(x) {
            assert!((found - wanted).abs() < 1e-12);
        }
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        assert!(!solve_symmetric(&mut [1.0, 2.0, 2.0, 1.0], &mut [1.0, 1.0]));
        assert!(!solve_symmetric(&mut [f64::NAN], &mut [1.0]));
    }
}
