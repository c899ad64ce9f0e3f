//! The hierarchy of a panel: from everything down to the finest useful label.

use rustc_hash::FxHashMap;

use super::super::panel::Panel;

/// Series in a group, on average, from which its label is worth a level.
const SMALLEST_GROUP: f64 = 1.5;

/// Most levels, the whole panel included.
const MOST_LEVELS: usize = 4;

/// Groups nested in each other; level 0 is the whole panel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Groups {
    /// For each level the group of every series.
    pub(super) of: Vec<Vec<u32>>,
    /// For each level but the first the group above of every group.
    pub(super) parent: Vec<Vec<u32>>,
    /// Groups of each level.
    pub(super) count: Vec<usize>,
}

impl Groups {
    /// The longest chain of labels that nest, found from the panel.
    pub(super) fn of(panel: &Panel) -> Self {
        let n = panel.series.len();
        let mut labels: Vec<(Vec<u32>, usize)> = (0..panel.label_names.len())
            .map(|label| numbered(panel, label))
            .filter(|(_, count)| *count > 1 && n as f64 >= SMALLEST_GROUP * *count as f64)
            .collect();
        labels.sort_by_key(|(_, count)| *count);
        let mut best: Vec<usize> = Vec::new();
        for finest in 0..labels.len() {
            let mut chain = vec![finest];
            for coarser in (0..finest).rev() {
                let below = chain[chain.len() - 1];
                let smaller = labels[coarser].1 < labels[below].1;
                if smaller && nests(&labels[below], &labels[coarser]) {
                    chain.push(coarser);
                }
            }
            let finer = |chain: &[usize]| {
                (chain.len().min(MOST_LEVELS - 1), chain.first().map_or(0, |f| labels[*f].1))
            };
            if finer(&chain) > finer(&best) {
                best = chain;
            }
        }
        best.reverse();
        // The coarsest and the finest stay, with the one just above the finest.
        while best.len() >= MOST_LEVELS {
            best.remove(1);
        }
        let mut groups = Groups { of: vec![vec![0; n]], parent: vec![Vec::new()], count: vec![1] };
        for label in best {
            let (of, count) = labels[label].clone();
            let mut parent = vec![0; count];
            for (group, above) in of.iter().zip(&groups.of[groups.of.len() - 1]).rev() {
                parent[*group as usize] = *above;
            }
            groups.of.push(of);
            groups.parent.push(parent);
            groups.count.push(count);
        }
        groups
    }

    /// Finest level.
    pub(super) fn finest(&self) -> usize {
        self.count.len() - 1
    }

    /// Group of series `index` at `level`; the first for a series that is new.
    pub(super) fn group(&self, level: usize, index: usize) -> usize {
        self.of[level].get(index).map_or(0, |group| *group as usize)
    }

    /// Levels whose recent course is looked at: the finest, the one above it, all.
    pub(super) fn watched(&self) -> Vec<usize> {
        let finest = self.finest();
        (0..3_usize)
            .filter_map(|up| if up < 2 { finest.checked_sub(up).filter(|l| *l > 0) } else { Some(0) })
            .collect()
    }
}

/// Numbers the values of a label in the order in which they come.
fn numbered(panel: &Panel, label: usize) -> (Vec<u32>, usize) {
    let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
    let of = panel
        .series
        .iter()
        .map(|series| {
            let next = numbers.len() as u32;
            *numbers.entry(series.labels.get(label).map_or("", String::as_str)).or_insert(next)
        })
        .collect();
    (of, numbers.len())
}

/// Whether every group of `fine` lies within one of `coarse`.
fn nests(fine: &(Vec<u32>, usize), coarse: &(Vec<u32>, usize)) -> bool {
    let mut above = vec![u32::MAX; fine.1];
    fine.0.iter().zip(&coarse.0).all(|(group, parent)| {
        let seen = &mut above[*group as usize];
        if *seen == u32::MAX {
            *seen = *parent;
        }
        *seen == *parent
    })
}
