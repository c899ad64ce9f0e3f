//! Given prices of the other rows, enumerate which switches are open: the exact best setting, with its proof.
//!
//! A row that is closed until a switch opens it, such as one that says a line
//! needs an order, makes every price a poor bound: each part opens the switch a
//! little, at another time. Here such rows get no price. The parts answer to
//! whole settings instead, and a setting costs at least what the parts say of
//! any setting that closes less.
//!
//! Method: logic-based Benders decomposition (Hooker and Ottosson 2003,
//! "Logic-based Benders decomposition", doi:10.1007/s10107-003-0375-9): a table
//! of lower bounds over all settings of a group of switches, raised by the
//! parts' answers for every setting that closes as much and more; the setting
//! that looks cheapest is asked next, until it is one that was asked.
//! Cost: parts x 2^switches numbers for each group, a call of a group's parts a
//! setting, 2^switches times at worst and `most_settings` at most.
//! Use `fixing` instead for more than [`MOST_SWITCHES`] switches that parts share.
//! Not for: switches of several copies.
//! Same input and work limit give the same answer: yes; settings are asked one by one.
//! Differs from the paper: bounds are the parts' own, so that no cut has to be derived.

mod group;

use super::coupling::{AllocationError, Coupling};
use super::offers::{Answer, Offers, Pricing};
use super::primal::Incumbent;
use super::state::{Effort, Selection};
use group::{Group, Known};

/// Most switches of a group whose settings are enumerated.
const MOST_SWITCHES: usize = 12;
/// Most numbers in the tables of a group.
const MOST_CELLS: usize = 1 << 22;

/// Which switch opens each row that is closed without one.
struct Gates {
    of_row: Vec<Option<usize>>,
    rows: Vec<Vec<u32>>,
}

/// Whether every row is one that a switch opens, so that no prices are needed.
pub(super) fn are_all(coupling: &Coupling) -> bool {
    let gates = Gates::new(coupling);
    !gates.of_row.is_empty() && gates.of_row.iter().all(Option::is_some)
}

/// Raises the bound, and offers the best setting, as far as groups are small enough.
pub(super) fn enumerate<O: Offers>(
    offers: &mut O,
    coupling: &Coupling,
    prices: &[f64],
    most_settings: usize,
    incumbent: &mut Incumbent,
    effort: &mut Effort<'_>,
) -> Result<(), AllocationError> {
    let gates = Gates::new(coupling);
    let search = Search { coupling, gates, prices, forbidding: forbidding(offers, coupling) };
    let Some((mut groups, rest)) = search.groups(offers, effort)? else { return Ok(()) };
    loop {
        let bound = rest + groups.iter().map(Group::bound).sum::<f64>();
        effort.bound = effort.bound.max(bound);
        let value = rest + groups.iter().map(|group| group.best.0).sum::<f64>();
        let near = value.is_finite() && value - bound <= effort.control().limits.gap * value.abs();
        if near || effort.gap_reached() || effort.exhausted() {
            break;
        }
        let widest = (0..groups.len())
            .filter(|&index| groups[index].is_open(most_settings))
            .max_by(|&a, &b| groups[a].gap().total_cmp(&groups[b].gap()).then(b.cmp(&a)));
        let Some(index) = widest else { break };
        search.ask(offers, &mut groups[index], effort)?;
    }
    search.offer(offers, &groups, incumbent, effort)
}

/// More than any part could save by using a closed switch.
fn forbidding<O: Offers>(offers: &O, coupling: &Coupling) -> f64 {
    let dearest = |part: usize| {
        (0..offers.options(part) as u32).map(|option| offers.cost(part, option).abs()).fold(0.0, f64::max)
    };
    let parts: f64 = (0..offers.parts()).map(dearest).sum();
    let switches: f64 = coupling.switches().iter().map(|switch| switch.cost).sum();
    1e3 * (1.0 + parts + switches)
}

impl Gates {
    fn new(coupling: &Coupling) -> Self {
        let count = coupling.switches().len();
        let mut gates = Gates { of_row: vec![None; coupling.rows().len()], rows: vec![Vec::new(); count] };
        let mut raised = vec![0; coupling.rows().len()];
        for switch in coupling.switches() {
            switch.raises.iter().for_each(|&(row, _)| raised[row as usize] += 1);
        }
        for (index, switch) in coupling.switches().iter().enumerate().filter(|(_, switch)| switch.copies == 1)
        {
            for &(row, amount) in &switch.raises {
                let shared = &coupling.rows()[row as usize];
                let is_closed = shared.upper == 0.0 && shared.lower == f64::NEG_INFINITY;
                if is_closed && amount > 0.0 && raised[row as usize] == 1 {
                    gates.of_row[row as usize] = Some(index);
                    gates.rows[index].push(row);
                }
            }
        }
        gates
    }
}

struct Search<'a> {
    coupling: &'a Coupling,
    gates: Gates,
    prices: &'a [f64],
    forbidding: f64,
}

impl Search<'_> {
    /// Prices without those of the gates.
    fn open_prices(&self) -> Vec<f64> {
        let price = |(row, price): (usize, &f64)| if self.gates.of_row[row].is_some() { 0.0 } else { *price };
        self.prices.iter().enumerate().map(price).collect()
    }

    /// The groups with everything open asked, and the bound of all that is in no
    /// group; `None` where there is no group or one is too large.
    fn groups<O: Offers>(
        &self,
        offers: &mut O,
        effort: &mut Effort<'_>,
    ) -> Result<Option<(Vec<Group>, f64)>, AllocationError> {
        let prices = self.open_prices();
        let (mut all, mut answers) = (Vec::new(), Vec::new());
        if self.gates.rows.iter().all(Vec::is_empty) {
            return Ok(None);
        }
        effort.round();
        offers.ask(None, &Pricing { cost_weight: 1.0, prices: &prices }, &mut answers)?;
        let leaders = self.leaders(offers);
        let of_part = |part: usize| self.gates_of(offers, part).first().map(|&switch| leaders[switch]);
        let groups_of: Vec<Option<usize>> = (0..offers.parts()).map(of_part).collect();
        for leader in 0..leaders.len() {
            let switches: Vec<usize> = (0..leaders.len())
                .filter(|&switch| leaders[switch] == leader && !self.gates.rows[switch].is_empty())
                .collect();
            let parts: Vec<u32> =
                (0..groups_of.len()).filter(|&p| groups_of[p] == Some(leader)).map(|p| p as u32).collect();
            if switches.is_empty() {
                continue;
            }
            if switches.len() > MOST_SWITCHES || parts.len() << switches.len() > MOST_CELLS {
                return Ok(None);
            }
            let charge = switches.iter().map(|&switch| self.charge(switch, &prices)).collect();
            all.push(Group::new(switches, parts, charge));
        }
        let mut rest: f64 = answers
            .iter()
            .zip(&groups_of)
            .filter(|(_, group)| group.is_none())
            .map(|(answer, _)| answer.bound)
            .sum();
        for (index, switch) in self.coupling.switches().iter().enumerate() {
            if self.gates.rows[index].is_empty() {
                rest += self.charge(index, &prices).min(0.0) * f64::from(switch.copies);
            }
        }
        let limits = self.coupling.rows().iter().zip(&prices).filter(|(_, price)| **price != 0.0);
        rest -= limits.map(|(row, &price)| price * row.priced_limit(price)).sum::<f64>();
        Ok(Some((all, rest)))
    }

    /// What an open copy costs, less what the rows it raises are worth.
    fn charge(&self, switch: usize, prices: &[f64]) -> f64 {
        let switch = &self.coupling.switches()[switch];
        let worth = switch.raises.iter().map(|&(row, amount)| amount * prices[row as usize]);
        switch.cost - worth.sum::<f64>()
    }

    /// Switches whose gates some known option of a part uses.
    fn gates_of<O: Offers>(&self, offers: &O, part: usize) -> Vec<usize> {
        let options = 0..offers.options(part) as u32;
        let mut switches: Vec<usize> = options
            .flat_map(|option| offers.usage(part, option))
            .filter_map(|&(row, _)| self.gates.of_row[row as usize])
            .collect();
        switches.sort_unstable();
        switches.dedup();
        switches
    }

    /// For each switch the first one that it is tied to by parts. A part that could use another
    /// group's switch does so for free, which keeps the bound a bound.
    fn leaders<O: Offers>(&self, offers: &O) -> Vec<usize> {
        let mut leaders: Vec<usize> = (0..self.gates.rows.len()).collect();
        for part in 0..offers.parts() {
            let switches = self.gates_of(offers, part);
            let Some(least) = switches.iter().map(|&switch| leaders[switch]).min() else { continue };
            let tied: Vec<usize> = switches.iter().map(|&switch| leaders[switch]).collect();
            leaders.iter_mut().filter(|leader| tied.contains(leader)).for_each(|leader| *leader = least);
        }
        leaders
    }

    /// Prices that close the switches of a setting.
    fn close(&self, group: &Group, closed: usize, prices: &mut [f64]) {
        for (_, &switch) in group.switches.iter().enumerate().filter(|(bit, _)| closed >> bit & 1 == 1) {
            self.gates.rows[switch].iter().for_each(|&row| prices[row as usize] = self.forbidding);
        }
    }

    /// Asks the parts that are not settled in the setting to look at next.
    fn ask<O: Offers>(
        &self,
        offers: &mut O,
        group: &mut Group,
        effort: &mut Effort<'_>,
    ) -> Result<(), AllocationError> {
        let closed = group.next();
        let mut prices = self.open_prices();
        self.close(group, closed, &mut prices);
        let places: Vec<usize> =
            (0..group.parts.len()).filter(|&place| !group.is_settled(place, closed)).collect();
        let asked: Vec<u32> = places.iter().map(|&place| group.parts[place]).collect();
        let mut answers: Vec<Answer> = Vec::new();
        let pricing = Pricing { cost_weight: 1.0, prices: &prices };
        effort.round();
        offers.ask_to_prove(Some(&asked), &pricing, &mut answers)?;
        for (&place, answer) in places.iter().zip(&answers) {
            let part = group.parts[place] as usize;
            let usage = offers.usage(part, answer.option);
            let value = pricing.value(offers.cost(part, answer.option), usage);
            let bit = |&(row, _): &(u32, f64)| {
                let switch = self.gates.of_row[row as usize]?;
                group.switches.iter().position(|&other| other == switch)
            };
            let used = usage.iter().filter_map(bit).fold(0, |used, bit| used | 1 << bit);
            group.learn(place, Known { closed, used, value }, answer.bound.min(value));
        }
        group.finish(closed);
        Ok(())
    }

    /// Offers the best setting of every group.
    fn offer<O: Offers>(
        &self,
        offers: &mut O,
        groups: &[Group],
        incumbent: &mut Incumbent,
        effort: &mut Effort<'_>,
    ) -> Result<(), AllocationError> {
        if groups.iter().any(|group| !group.best.0.is_finite()) {
            return Ok(());
        }
        let mut prices = self.open_prices();
        let mut open = vec![0; self.coupling.switches().len()];
        for group in groups {
            self.close(group, group.best.1, &mut prices);
            for (bit, &switch) in group.switches.iter().enumerate() {
                open[switch] = u32::from(group.best.1 >> bit & 1 == 0);
            }
        }
        let mut answers = Vec::new();
        effort.round();
        offers.ask_to_prove(None, &Pricing { cost_weight: 1.0, prices: &prices }, &mut answers)?;
        let options = answers.iter().map(|answer| answer.option).collect();
        let selection = Selection::new(&*offers, self.coupling, options, open);
        let scale = vec![1.0; self.coupling.rows().len()];
        incumbent.offer(offers, self.coupling, selection, &self.open_prices(), &scale, effort);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::coupling::{SharedRow, Switch};
    use super::super::{AllocationOptions, Candidates, choose};
    use super::*;
    use crate::control::Control;
    use crate::solution::Termination;

    /// Parts that pay for the switches they use: a cost for each set of switches.
    struct Random {
        costs: Vec<Vec<f64>>,
        charges: Vec<f64>,
        budget: Option<f64>,
    }

    impl Random {
        fn new(rng: &mut ChaCha8Rng, with_budget: bool) -> Self {
            let switches = rng.random_range(2..5);
            let mut part = || {
                let costs = (0..1_usize << switches)
                    .map(|set: usize| 10.0 / f64::from(1 + set.count_ones()) + rng.random_range(0.0..4.0));
                costs.collect()
            };
            let costs: Vec<Vec<f64>> = (0..3).map(|_| part()).collect();
            let charges = (0..switches).map(|_| rng.random_range(0.0..5.0)).collect();
            let budget = with_budget.then(|| f64::from(rng.random_range(2..7)));
            Random { costs, charges, budget }
        }

        fn candidates(&self) -> Candidates {
            let switches = self.charges.len();
            let mut candidates = Candidates::default();
            for (part, costs) in self.costs.iter().enumerate() {
                for (set, &cost) in costs.iter().enumerate() {
                    let used = (0..switches).filter(|bit| set >> bit & 1 == 1);
                    let mut usage: Vec<(u32, f64)> =
                        used.map(|bit| ((part * switches + bit) as u32, 1.0)).collect();
                    if self.budget.is_some() {
                        usage.push(((self.costs.len() * switches) as u32, f64::from(set.count_ones())));
                    }
                    candidates.add(cost, &usage);
                }
                candidates.end_part();
            }
            candidates
        }

        fn coupling(&self) -> Coupling {
            let switches = self.charges.len();
            let count = self.costs.len() * switches;
            let mut rows: Vec<SharedRow> = (0..count).map(|_| SharedRow::at_most("gate", 0.0)).collect();
            rows.extend(self.budget.map(|budget| SharedRow::at_most("budget", budget)));
            let switch = |bit: usize| Switch {
                label: "switch".to_owned(),
                cost: self.charges[bit],
                copies: 1,
                raises: (0..self.costs.len()).map(|part| ((part * switches + bit) as u32, 1.0)).collect(),
            };
            Coupling::new(rows, (0..switches).map(switch).collect()).unwrap()
        }

        /// The least cost over all choices.
        fn least(&self) -> f64 {
            let mut least = f64::INFINITY;
            let sets = 1_usize << self.charges.len();
            for at in 0..sets.pow(3) {
                let chosen = [at % sets, at / sets % sets, at / sets / sets];
                let open = chosen[0] | chosen[1] | chosen[2];
                let used: u32 = chosen.iter().map(|set| set.count_ones()).sum();
                if self.budget.is_none_or(|budget| f64::from(used) <= budget) {
                    let own: f64 = chosen.iter().zip(&self.costs).map(|(&set, costs)| costs[set]).sum();
                    let charges = self.charges.iter().enumerate().filter(|(bit, _)| open >> bit & 1 == 1);
                    least = least.min(own + charges.map(|(_, charge)| charge).sum::<f64>());
                }
            }
            least
        }
    }

    #[test]
    fn the_best_setting_is_found_and_proved_without_any_program() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..40 {
            let random = Random::new(&mut rng, false);
            let options = AllocationOptions { most_master_columns: 0, ..AllocationOptions::default() };
            let control = Control::default().with_gap(0.0).with_threads(1);
            let found = choose(&random.candidates(), &random.coupling(), &options, &control).unwrap();
            assert_eq!(found.outcome.termination, Termination::Optimal);
            assert!((found.outcome.objective.unwrap() - random.least()).abs() < 1e-9);
        }
    }

    #[test]
    fn beside_a_budget_the_bound_stays_a_bound_and_rises() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let mut raised = 0;
        for _ in 0..40 {
            let random = Random::new(&mut rng, true);
            let (candidates, coupling) = (random.candidates(), random.coupling());
            let control = Control::default().with_gap(0.0).with_threads(1);
            let mut offers = &candidates;
            let mut effort = Effort::new(&control);
            let mut incumbent = Incumbent::default();
            let prices = vec![0.0; coupling.rows().len()];
            enumerate(&mut offers, &coupling, &prices, 1_500, &mut incumbent, &mut effort).unwrap();
            let own: f64 =
                random.costs.iter().map(|costs| costs.iter().copied().fold(f64::INFINITY, f64::min)).sum();
            assert!(effort.bound <= random.least() + 1e-9);
            raised += usize::from(effort.bound > own + 1e-6);
            assert!(effort.incumbent.is_none_or(|cost| cost >= random.least() - 1e-9));
        }
        assert!(raised > 20, "{raised}");
    }
}
