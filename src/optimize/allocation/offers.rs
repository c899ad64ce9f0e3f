//! What the method sees of the parts: options that are known, and one round of
//! asking every part for its best option at given prices.

use super::coupling::AllocationError;

/// Prices under which a part makes its proposal: it minimises
/// `cost_weight * cost + prices . usage`.
#[derive(Debug, Clone, Copy)]
pub struct Pricing<'a> {
    /// 1 while costs count; 0 when only the usage matters, which is how the
    /// method finds out whether the limits can be met at all.
    pub cost_weight: f64,
    /// Price of one unit of usage of every shared row.
    pub prices: &'a [f64],
}

impl Pricing<'_> {
    /// The priced cost of a candidate.
    #[must_use]
    pub fn value(&self, cost: f64, usage: &[(u32, f64)]) -> f64 {
        let charges: f64 = usage.iter().map(|&(row, amount)| self.prices[row as usize] * amount).sum();
        self.cost_weight * cost + charges
    }
}

/// The options of every part that are known so far; rows ascend in a usage.
pub(super) trait Menu: Sync {
    fn parts(&self) -> usize;
    fn options(&self, part: usize) -> usize;
    fn cost(&self, part: usize, option: u32) -> f64;
    fn usage(&self, part: usize, option: u32) -> &[(u32, f64)];
    /// A number that changes when the option is replaced by another.
    fn serial(&self, part: usize, option: u32) -> u32;
}

/// One part's answer in a round: an option of the menu, and a lower bound of
/// its priced cost over everything the part could do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub option: u32,
    pub bound: f64,
}

/// A menu that can be asked for the best options at given prices.
pub(super) trait Offers: Menu {
    /// Whether the menu holds all that the parts can do.
    const COMPLETE: bool;

    /// Asks the parts in `asked` (all parts when `None`); `answers` gets one
    /// entry for each part asked, in the same order.
    fn ask(
        &mut self,
        asked: Option<&[u32]>,
        pricing: &Pricing<'_>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), AllocationError>;

    /// The same with bounds as tight as the parts can prove.
    fn ask_to_prove(
        &mut self,
        asked: Option<&[u32]>,
        pricing: &Pricing<'_>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), AllocationError> {
        self.ask(asked, pricing, answers)
    }

    /// Marks options that must stay in the menu (one for each part).
    fn keep(&mut self, options: &[u32]);
}
