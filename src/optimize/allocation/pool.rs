//! Parts that answer prices with a proposal, and the pool of what they proposed.

use rayon::prelude::*;

use super::coupling::AllocationError;
use super::offers::{Answer, Menu, Offers, Pricing};

/// One independent part of the problem, such as a single-item dynamic program.
///
/// A part always has at least one feasible answer. Its answer depends on the
/// pricing alone: the workspace saves allocations and carries no information.
pub trait Part: Sync {
    /// What the caller gets back for the chosen proposal (a plan, an index).
    type Choice: Clone + Send + Sync;
    /// Memory that is reused from call to call.
    type Workspace: Default + Send;

    /// The proposal that minimises `cost_weight * cost + prices . usage`, or a
    /// good one together with a lower bound of that minimum.
    fn propose(&self, pricing: &Pricing<'_>, workspace: &mut Self::Workspace) -> Proposal<Self::Choice>;

    /// The same with more work put into the bound; asked seldom, where a proof hangs on it.
    fn prove(&self, pricing: &Pricing<'_>, workspace: &mut Self::Workspace) -> Proposal<Self::Choice> {
        self.propose(pricing, workspace)
    }
}

/// A part's answer to prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal<C> {
    /// Its true cost, without price terms.
    pub cost: f64,
    /// Lower bound of the part's priced minimum; the priced cost of this
    /// proposal where the part was solved exactly.
    pub bound: f64,
    /// How much of which shared row it uses.
    pub usage: Vec<(u32, f64)>,
    /// The caller's own description of it.
    pub choice: C,
}

struct Entry<C> {
    serial: u32,
    cost: f64,
    usage: Box<[(u32, f64)]>,
    choice: C,
}

/// All parts with the distinct proposals they have made.
pub(super) struct Pool<'a, P: Part> {
    parts: &'a [P],
    rows: usize,
    /// Most proposals kept for a part.
    capacity: usize,
    entries: Vec<Vec<Entry<P::Choice>>>,
    kept: Vec<u32>,
    /// Serial number of the next entry.
    next: u32,
}

impl<'a, P: Part> Pool<'a, P> {
    pub fn new(parts: &'a [P], rows: usize, capacity: usize) -> Self {
        let entries = parts.iter().map(|_| Vec::new()).collect();
        Pool { parts, rows, capacity: capacity.max(2), entries, kept: vec![0; parts.len()], next: 0 }
    }

    pub fn choice(&self, part: usize, option: u32) -> P::Choice {
        self.entries[part][option as usize].choice.clone()
    }

    /// Finds the proposal in the pool or adds it; a full pool gives up the
    /// entry that is dearest at the present prices and not kept.
    fn insert(&mut self, part: usize, entry: Entry<P::Choice>, pricing: &Pricing<'_>) -> u32 {
        let pool = &mut self.entries[part];
        if let Some(known) =
            pool.iter().position(|known| known.cost == entry.cost && known.usage == entry.usage)
        {
            return known as u32;
        }
        if pool.len() < self.capacity {
            pool.push(entry);
            return (pool.len() - 1) as u32;
        }
        let kept = self.kept[part] as usize;
        let mut dearest = (0, f64::NEG_INFINITY);
        for (slot, known) in pool.iter().enumerate().filter(|(slot, _)| *slot != kept) {
            let value = pricing.value(known.cost, &known.usage);
            if value > dearest.1 {
                dearest = (slot, value);
            }
        }
        pool[dearest.0] = entry;
        dearest.0 as u32
    }

    /// Asks parts in parallel and takes their proposals in, in part order.
    fn collect(
        &mut self,
        asked: Option<&[u32]>,
        pricing: &Pricing<'_>,
        answers: &mut Vec<Answer>,
        answer: impl Fn(&P, &Pricing<'_>, &mut P::Workspace) -> Proposal<P::Choice> + Sync,
    ) -> Result<(), AllocationError> {
        let parts = self.parts;
        let count = asked.map_or(parts.len(), <[u32]>::len);
        let proposals: Vec<Proposal<P::Choice>> = (0..count)
            .into_par_iter()
            .map_init(P::Workspace::default, |workspace, position| {
                let part = asked.map_or(position, |asked| asked[position] as usize);
                answer(&parts[part], pricing, workspace)
            })
            .collect();
        answers.clear();
        for (position, proposal) in proposals.into_iter().enumerate() {
            let part = asked.map_or(position, |asked| asked[position] as usize);
            let bound = proposal.bound;
            let entry = self.checked(part, proposal)?;
            self.next = self.next.wrapping_add(1);
            let option = self.insert(part, entry, pricing);
            answers.push(Answer { option, bound });
        }
        Ok(())
    }

    fn checked(
        &self,
        part: usize,
        proposal: Proposal<P::Choice>,
    ) -> Result<Entry<P::Choice>, AllocationError> {
        let Proposal { cost, bound, mut usage, choice } = proposal;
        if !cost.is_finite() || !bound.is_finite() || usage.iter().any(|(_, amount)| !amount.is_finite()) {
            return Err(AllocationError::NotFinite { part });
        }
        if let Some(&(row, _)) = usage.iter().find(|(row, _)| *row as usize >= self.rows) {
            return Err(AllocationError::UnknownRow { part, row, rows: self.rows });
        }
        usage.sort_unstable_by_key(|(row, _)| *row);
        usage.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 += later.1;
            }
            same
        });
        usage.retain(|(_, amount)| *amount != 0.0);
        Ok(Entry { serial: self.next, cost, usage: usage.into_boxed_slice(), choice })
    }
}

impl<P: Part> Menu for Pool<'_, P> {
    fn serial(&self, part: usize, option: u32) -> u32 {
        self.entries[part][option as usize].serial
    }

    fn parts(&self) -> usize {
        self.parts.len()
    }

    fn options(&self, part: usize) -> usize {
        self.entries[part].len()
    }

    fn cost(&self, part: usize, option: u32) -> f64 {
        self.entries[part][option as usize].cost
    }

    fn usage(&self, part: usize, option: u32) -> &[(u32, f64)] {
        &self.entries[part][option as usize].usage
    }
}

impl<P: Part> Offers for Pool<'_, P> {
    const COMPLETE: bool = false;

    fn ask(
        &mut self,
        asked: Option<&[u32]>,
        pricing: &Pricing<'_>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), AllocationError> {
        self.collect(asked, pricing, answers, P::propose)
    }

    fn ask_to_prove(
        &mut self,
        asked: Option<&[u32]>,
        pricing: &Pricing<'_>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), AllocationError> {
        self.collect(asked, pricing, answers, P::prove)
    }

    fn keep(&mut self, options: &[u32]) {
        self.kept.copy_from_slice(options);
    }
}
