//! The settings that each method begins with, and those that are tried.

use super::boost;
use super::course::Way;
use super::forest;
use super::goal::Goal;
use super::hashed;
use super::team::Recipe;

/// What to begin with for so many folds and rows of a fold.
pub(crate) fn usual(goal: Goal, way: &Way<'_>, folds: usize, rows: usize) -> Recipe {
    let buckets = way.hashing.buckets;
    Recipe {
        goal,
        boost: boost_settings(rows),
        forest: forest_settings(folds),
        online: hashed::Settings { buckets, rate: 0.1, penalty: 1.0, passes: 12 },
        factors: hashed::Settings { buckets, rate: 0.05, penalty: 1e-4, passes: 12 },
        seed: way.control.seed,
    }
}

/// The same, learned in a hurry.
pub(crate) fn quick(recipe: Recipe) -> Recipe {
    Recipe {
        boost: boost::Settings { rate: 0.1, patience: 30, trees: 600, ..recipe.boost },
        forest: forest::Settings { trees: 20, ..recipe.forest },
        ..recipe
    }
}

/// Passes over the rows in which steps and penalties are tried.
const TRIAL_PASSES: usize = 4;

/// Steps and penalties that are tried for a sum of hashed weights.
pub(crate) fn online(usual: &hashed::Settings) -> impl Iterator<Item = hashed::Settings> {
    tried([(0.1, 1.0), (0.03, 1.0), (0.1, 10.0), (0.05, 5.0)], usual)
}

/// Steps and penalties that are tried for products of hashed vectors.
pub(crate) fn factors(usual: &hashed::Settings) -> impl Iterator<Item = hashed::Settings> {
    tried([(0.05, 1e-4), (0.02, 1e-4), (0.05, 1e-3), (0.1, 1e-5)], usual)
}

fn tried(steps: [(f64, f64); 4], usual: &hashed::Settings) -> impl Iterator<Item = hashed::Settings> + use<> {
    let usual = hashed::Settings { passes: TRIAL_PASSES, ..*usual };
    steps.into_iter().map(move |(rate, penalty)| hashed::Settings { rate, penalty, ..usual })
}

/// How to boost so many rows.
fn boost_settings(rows: usize) -> boost::Settings {
    let usual = boost::Settings::default();
    match rows {
        ..2000 => boost::Settings { smallest_leaf: (rows / 40).clamp(2, 20), ..usual },
        2000..150_000 => boost::Settings { rate: 0.04, ..usual },
        _ => boost::Settings { rate: 0.08, row_share: 0.6, trees: 1000, patience: 40, ..usual },
    }
}

/// Trees of each fold: about a hundred in all.
fn forest_settings(folds: usize) -> forest::Settings {
    forest::Settings { trees: (100 / folds.max(1)).max(20), ..forest::Settings::default() }
}

/// Sizes of trees that are tried.
pub(crate) fn sizes_of(usual: &boost::Settings, columns: usize) -> Vec<boost::Settings> {
    let smaller = (usual.smallest_leaf / 4).max(2);
    let mut sizes = vec![
        *usual,
        boost::Settings { leaves: 15, ..*usual },
        boost::Settings { leaves: 63, ..*usual },
        boost::Settings { smallest_leaf: smaller, ..*usual },
    ];
    if columns > 4 {
        sizes.push(boost::Settings { column_share: 0.5, ..*usual });
        sizes.push(boost::Settings { column_share: 0.5, leaves: 63, smallest_leaf: smaller, ..*usual });
    }
    sizes
}
