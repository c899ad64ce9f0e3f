//! Stock points that a variant of a problem leaves without a source.

use rustc_hash::FxHashMap;

use super::{OrderCalendar, Pair, Problem};
use crate::data::{Code, Fault, Severity};

impl Problem {
    /// Keeps stock points from being bought that had stated sources in `before` and have none
    /// here: who drops a supplier does not mean that its items come from any other on default
    /// terms, as they would in a problem that never stated a source.
    pub(in super::super) fn lose_sources(&mut self, before: &Problem) {
        let is_stated = |place: &super::Place| !place.file.is_empty();
        let known: FxHashMap<String, &Pair> =
            before.pairs.iter().map(|pair| (before.pair_name(pair), pair)).collect();
        let mut told = Vec::new();
        for index in 0..self.pairs.len() {
            let name = self.pair_name(&self.pairs[index]);
            let same = known.get(&name);
            let had = same.is_some_and(|pair| pair.sources.iter().any(|s| is_stated(&s.place)));
            if !had || self.pairs[index].sources.iter().any(|source| is_stated(&source.place)) {
                continue;
            }
            let (location, dates) = (self.pairs[index].location, vec![None; self.horizon]);
            self.pairs[index].sources.truncate(1);
            if let Some(source) = self.pairs[index].sources.first_mut() {
                source.calendar = self.order_calendars.len();
                self.order_calendars.push(OrderCalendar { supplier: source.supplier, location, dates });
                told.push(name);
            }
        }
        if let Some(first) = told.first() {
            let more = if told.len() > 1 { format!(" and {} more", told.len() - 1) } else { String::new() };
            let message = format!("{first}{more}: no source is left, so nothing can be bought");
            self.notices.push(
                Fault::error(Code::LeftOut, "sourcing", message)
                    .with_severity(Severity::Warning)
                    .with_help("state another source to see what it would save"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::explain::tests::problem;

    #[test]
    fn an_item_without_its_stated_sources_cannot_be_bought() {
        let sourcing = |rows: &str| format!("item,supplier\n{rows}");
        let both = problem(&[("sourcing", &sourcing("A,S\nB,S\n"))], &[]);
        let mut one = problem(&[("sourcing", &sourcing("B,S\n"))], &[]);
        let can_buy = |problem: &super::Problem, pair: usize| {
            let pair = &problem.pairs[pair];
            (0..problem.horizon).any(|bucket| problem.may_order(pair, &pair.sources[0], bucket))
        };
        assert!(can_buy(&one, 0) && can_buy(&one, 1));
        one.lose_sources(&both);
        assert!(!can_buy(&one, 0) && can_buy(&one, 1));
        assert!(one.notices.as_slice().iter().any(|notice| notice.message.starts_with("A@main: no source")));
        // Who never stated a source is served by all, before and after.
        let (never, mut still) = (problem(&[], &[]), problem(&[], &[]));
        still.lose_sources(&never);
        assert!(can_buy(&still, 0) && can_buy(&still, 1));
        assert_eq!(never.order_calendars, still.order_calendars);
    }
}
