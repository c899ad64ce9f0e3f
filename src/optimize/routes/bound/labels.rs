//! Given a price for each visit, find the route of one kind of vehicle that costs least beyond the
//! prices of its visits.
//!
//! Method: labels with dominance, Feillet, Dejax, Gendreau and Gueguen (2004), "An exact algorithm for
//! the elementary shortest path problem with resource constraints", doi:10.1002/net.20033, that
//! forget visits outside the neighbourhoods of later ones (ng-routes), Baldacci, Mingozzi and Roberti
//! (2011), "New route relaxation and pricing strategies for the vehicle routing problem",
//! doi:10.1287/opre.1110.0975.
//! Cost: O(labels x n) extensions for n visits, each compared with the labels at its visit; the number
//! of labels grows exponentially with the length of routes. About 120 bytes a label.
//! Use [`super::super::annealing`] for routes that only need to be good.
//! Not for: more than [`MOST_VISITS`] visits.
//! Same input and budget give the same answer: yes, where no time limit strikes.
//! Differs from the papers: labels go forward only, in the order of time or of the tightest resource.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::ways::{RESOURCES, Way, Ways};
use crate::control::Control;

const WORDS: usize = 4;
/// Most visits that a memory has room for.
pub(super) const MOST_VISITS: usize = 64 * WORDS;
/// Labels between two looks at the clock.
const CLOCK_LABELS: usize = 256;
/// Most labels held at a time (60 MB).
const MOST_LABELS: usize = 500_000;

/// Ways from each visit that are tried where the cheapest route is not needed.
const CHEAP_WAYS: usize = 20;

/// A set of visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Memory([u64; WORDS]);

impl Memory {
    pub fn insert(&mut self, visit: u32) {
        self.0[visit as usize / 64] |= 1 << (visit % 64);
    }

    #[inline]
    pub fn contains(&self, visit: u32) -> bool {
        self.0[visit as usize / 64] >> (visit % 64) & 1 == 1
    }

    #[inline]
    fn common(&self, other: &Memory) -> Memory {
        Memory(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    #[inline]
    fn is_within(&self, other: &Memory) -> bool {
        self.0.iter().zip(&other.0).all(|(own, other)| own & !other == 0)
    }
}

/// A way from the start of routes to a visit.
#[derive(Debug, Clone, Copy)]
struct Label {
    /// Cost less the prices of the visits.
    cost: f64,
    time: f64,
    used: [f64; RESOURCES],
    memory: Memory,
    before: u32,
    visit: u32,
    is_dominated: bool,
}

impl Label {
    #[inline]
    fn dominates(&self, other: &Label, exact: bool) -> bool {
        self.cost <= other.cost
            && self.time <= other.time
            && self.used.iter().zip(&other.used).all(|(own, other)| own <= other)
            && (!exact || self.memory.is_within(&other.memory))
    }
}

/// What is read first of a label when another is compared with it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    cost: f64,
    time: f64,
    used: f64,
    label: u32,
}

/// What a search for routes is told.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub prices: &'a [f64],
    /// Visits that a label at each visit remembers.
    pub memories: &'a [Memory],
    /// Whether the cheapest route is needed, or just cheap ones.
    pub exact: bool,
    pub control: &'a Control,
}

/// What was found.
pub(super) struct Priced {
    /// Cost of the cheapest route less the prices of its visits, 0 where none costs less than that.
    pub least: f64,
    /// The cheapest route with each last visit, and its cost less prices, where that is below 0.
    pub routes: Vec<(f64, Vec<u32>)>,
}

/// Searches for routes, with memory that is used again.
#[derive(Default)]
pub(super) struct Labels {
    labels: Vec<Label>,
    /// Labels at each visit by rising cost.
    at: Vec<Vec<Entry>>,
    open: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Labels {
    /// Routes that cost less than the prices of their visits; `None` where `budget` (ways tried) or time is
    /// at its end before that is known.
    pub fn price(&mut self, ways: &Ways, question: Question<'_>, budget: &mut u64) -> Option<Priced> {
        self.labels.clear();
        self.open.clear();
        self.at.resize(ways.home.len(), Vec::new());
        self.at.iter_mut().for_each(Vec::clear);
        let start = Label {
            cost: ways.fixed,
            time: ways.leave,
            used: [0.0; RESOURCES],
            memory: Memory::default(),
            before: u32::MAX,
            visit: u32::MAX,
            is_dominated: false,
        };
        if let Some(first) = ways.from.last() {
            first.iter().for_each(|way| self.extend(&start, u32::MAX, way, ways, &question));
        }
        let most = if question.exact { usize::MAX } else { CHEAP_WAYS };
        let mut done = 0;
        while let Some(Reverse((_, index))) = self.open.pop() {
            let label = self.labels[index as usize];
            if label.is_dominated {
                continue;
            }
            if done % CLOCK_LABELS == 0 && question.control.should_stop() {
                return None;
            }
            done += 1;
            let tried = ways.from[label.visit as usize].iter().take(most);
            *budget = budget.saturating_sub(tried.len() as u64);
            if *budget == 0 || self.labels.len() > MOST_LABELS {
                *budget = 0;
                return None;
            }
            tried.for_each(|way| self.extend(&label, index, way, ways, &question));
        }
        Some(self.ends(ways))
    }

    #[inline]
    fn extend(&mut self, label: &Label, index: u32, way: &Way, ways: &Ways, question: &Question<'_>) {
        let to = way.to as usize;
        if label.memory.contains(way.to) {
            return;
        }
        let (opens, closes) = ways.windows[to];
        let time = (label.time + way.lag).max(opens);
        let mut used = label.used;
        used.iter_mut().zip(&way.uses).for_each(|(used, more)| *used += more);
        if time > closes || (0..RESOURCES).any(|at| used[at] > ways.limits[at]) {
            return;
        }
        let mut memory = label.memory.common(&question.memories[to]);
        memory.insert(way.to);
        let cost = label.cost + way.cost - question.prices[to];
        let new = Label { cost, time, used, memory, before: index, visit: way.to, is_dominated: false };
        self.keep(new, if ways.is_timed { time } else { used[0] }, question.exact);
    }

    /// Keeps a label unless another dominates it; lets those go that it dominates.
    fn keep(&mut self, new: Label, order: f64, exact: bool) {
        let labels = &mut self.labels;
        let at = &mut self.at[new.visit as usize];
        let own = Entry { cost: new.cost, time: new.time, used: new.used[0], label: labels.len() as u32 };
        let place = at.partition_point(|known| known.cost <= own.cost);
        let may_dominate = |a: &Entry, b: &Entry| a.time <= b.time && a.used <= b.used;
        let is_dominated =
            |known: &Entry| may_dominate(known, &own) && labels[known.label as usize].dominates(&new, exact);
        if at[..place].iter().any(is_dominated) {
            return;
        }
        let mut kept = place;
        for read in place..at.len() {
            let known = at[read];
            if may_dominate(&own, &known) && new.dominates(&labels[known.label as usize], exact) {
                labels[known.label as usize].is_dominated = true;
            } else {
                at[kept] = known;
                kept += 1;
            }
        }
        at.truncate(kept);
        at.insert(place, own);
        self.open.push(Reverse((rising(order), own.label)));
        labels.push(new);
    }

    /// The cheapest route that ends with each visit.
    fn ends(&self, ways: &Ways) -> Priced {
        let mut priced = Priced { least: 0.0, routes: Vec::new() };
        for (labels, home) in self.at.iter().zip(&ways.home) {
            let Some(home) = home else { continue };
            let gets_home = |label: &&Label| {
                label.time + home.lag <= ways.close
                    && (0..RESOURCES).all(|at| label.used[at] + home.uses[at] <= ways.limits[at])
            };
            let best = labels.iter().map(|known| &self.labels[known.label as usize]).find(gets_home);
            let Some((label, cost)) = best.map(|label| (label, label.cost + home.cost)) else { continue };
            if cost < 0.0 {
                priced.least = priced.least.min(cost);
                priced.routes.push((cost, self.visits_of(label)));
            }
        }
        priced
    }

    fn visits_of(&self, last: &Label) -> Vec<u32> {
        let mut visits = vec![last.visit];
        let mut before = last.before;
        while let Some(label) = self.labels.get(before as usize) {
            visits.push(label.visit);
            before = label.before;
        }
        visits.reverse();
        visits
    }
}

/// A whole number that is larger for a larger number.
fn rising(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}
