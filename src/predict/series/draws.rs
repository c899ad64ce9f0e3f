//! The uniform numbers behind sample paths, the same for every run of a series.
//!
//! Given a seed, the name of a series and the number of paths, give uniforms
//! for each path and bucket that depend on nothing else: neither on the other
//! series nor on the order in which they come.
//!
//! Method: Latin hypercube sampling, M. D. McKay, R. J. Beckman, W. J. Conover
//! (1979), doi:10.1080/00401706.1979.10489755: in every bucket each of the S
//! strata of (0, 1) holds exactly one path, so that few paths give smooth
//! quantiles.
//! Cost: time and memory O(S H), with S = paths, H = buckets.
//! Use plain draws from `rand` instead when independence of the paths within a
//! bucket matters.
//! Not for: security.
//! Same input, budget and seed give the same answer: yes; a longer horizon only
//! adds numbers.
//! Differs from the paper: none.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Uniforms for `paths` x (1 + `horizon`) places; column 0 is for what is
/// drawn once a path (level uncertainty).
#[derive(Debug, Clone)]
pub(super) struct Draws {
    paths: usize,
    columns: Vec<f64>,
}

impl Draws {
    pub(super) fn new(seed: u64, id: &str, paths: usize, horizon: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream_of(id));
        let mut columns = vec![0.0; paths * (horizon + 1)];
        let mut strata: Vec<u32> = (0..paths as u32).collect();
        if paths > 0 {
            for column in columns.chunks_exact_mut(paths) {
                fill_column(&mut rng, &mut strata, column);
            }
        }
        Draws { paths, columns }
    }

    pub(super) fn paths(&self) -> usize {
        self.paths
    }

    /// Uniform of what is drawn once for `path`.
    pub(super) fn once(&self, path: usize) -> f64 {
        self.columns[path]
    }

    /// Uniform of `path` in bucket `h`.
    pub(super) fn at(&self, path: usize, h: usize) -> f64 {
        self.columns[(h + 1) * self.paths + path]
    }
}

/// Number of a name, the same on every machine and in every version: FNV-1a of
/// G. Fowler, L. C. Noll and K.-P. Vo.
///
/// ```
/// use purvey::predict::series::stream_of;
/// assert_eq!(stream_of("a"), 0xaf63_dc4c_8601_ec8c);
/// assert_ne!(stream_of("A@north"), stream_of("A@south"));
/// ```
#[must_use]
pub fn stream_of(id: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    id.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

fn fill_column(rng: &mut ChaCha8Rng, strata: &mut [u32], column: &mut [f64]) {
    let n = strata.len();
    for i in (1..n).rev() {
        let j = ((u64::from(rng.random::<u32>()) * (i as u64 + 1)) >> 32) as usize;
        strata.swap(i, j);
    }
    for (place, &stratum) in column.iter_mut().zip(strata.iter()) {
        *place = (f64::from(stratum) + rng.random::<f64>()) / n as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stratum_holds_one_path() {
        let draws = Draws::new(3, "k", 50, 4);
        for h in 0..4 {
            let mut seen: Vec<usize> = (0..50).map(|s| (draws.at(s, h) * 50.0) as usize).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..50).collect::<Vec<_>>());
        }
    }

    #[test]
    fn longer_horizon_keeps_the_beginning() {
        let (short, long) = (Draws::new(3, "k", 50, 4), Draws::new(3, "k", 50, 9));
        assert_eq!(short.columns[..], long.columns[..short.columns.len()]);
        assert_ne!(short.columns, Draws::new(3, "l", 50, 4).columns);
    }
}
