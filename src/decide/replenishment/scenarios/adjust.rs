//! What people know of the future, worked into the sample paths.

use super::super::problem::{Pair, Problem};

/// Works in open days, life cycle and overrides.
/// Returns the expected demand of each bucket.
pub(super) fn work_in(problem: &Problem, pair: &Pair, mut mean: Vec<f64>, paths: &mut [f64]) -> Vec<f64> {
    let horizon = problem.horizon;
    mean.resize(horizon, 0.0);
    let open = open_share(problem, pair);
    for (bucket, &share) in open.iter().enumerate() {
        if share != 1.0 {
            scale(paths, horizon, bucket, share);
            mean[bucket] *= share;
        }
    }
    for forecast in pair.overrides.iter().filter(|forecast| forecast.bucket >= 0) {
        let bucket = forecast.bucket as usize;
        if bucket >= horizon {
            continue;
        }
        // What the person's forecast does not cover is left to the model.
        let wanted = forecast.quantity + (1.0 - forecast.share) * mean[bucket];
        if mean[bucket] > 0.0 {
            scale(paths, horizon, bucket, wanted / mean[bucket]);
        } else {
            paths.chunks_exact_mut(horizon).for_each(|path| path[bucket] = wanted);
        }
        mean[bucket] = wanted;
    }
    mean
}

fn scale(paths: &mut [f64], horizon: usize, bucket: usize, factor: f64) {
    paths.chunks_exact_mut(horizon).for_each(|path| path[bucket] *= factor);
}

/// Share of each bucket on which the pair is on sale.
fn open_share(problem: &Problem, pair: &Pair) -> Vec<f64> {
    let item = &problem.items[pair.item];
    let on_sale = |bucket: i64| {
        item.start.is_none_or(|start| bucket >= start) && item.end.is_none_or(|end| bucket < end)
    };
    let shares = problem.locations[pair.location].open_share.iter();
    shares.enumerate().map(|(bucket, share)| if on_sale(bucket as i64) { *share } else { 0.0 }).collect()
}

/// Promises consume the forecast: a bucket's demand is the greater of both.
pub(super) fn keep_promises(pair: &Pair, horizon: usize, demand: &mut [f64]) {
    if pair.promised.iter().all(|promised| *promised <= 0.0) {
        return;
    }
    for path in demand.chunks_exact_mut(horizon) {
        for (units, promised) in path.iter_mut().zip(&pair.promised) {
            *units = units.max(*promised);
        }
    }
}
