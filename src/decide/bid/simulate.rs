//! Auctions drawn from a seed, with creatives whose click rates the bidder has to learn.
//!
//! Auctions are drawn anew from the seed whenever they are looked at, and never held.
//! The market's price of a slot is log-normal with a deviation of a half around 1, the value of a
//! click around 20 and higher in the middle of the stream than at its ends. The upper slot is seen
//! by 9 of 10, the lower one, at half the price, by 6 of 10. Click rates lie between 1 and 6 %.

use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

use super::{Bids, Creative, Purse, pacer, refused};
use crate::data::TextColumn;
use crate::data::{Code, Fault, Faults};
use crate::optimize::pacing::{Explorer, Hindsight, Steps};

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simulation {
    /// Auctions.
    pub auctions: usize,
    /// Creatives, 1 or more.
    pub creatives: usize,
    /// Seed of every draw.
    pub seed: u64,
}

/// Most auctions and creatives: some half a gigabyte.
const MOST: [usize; 2] = [10_000_000, 100];
/// Slots: name, share of impressions that are seen, price over the market's.
const SLOTS: [(&str, f64, f64); 2] = [("upper", 0.9, 1.0), ("lower", 0.6, 0.5)];
/// Click rates between these.
const RATES: [f64; 2] = [0.01, 0.06];
/// What is thought of a creative before it was seen: one click in 30.
const PRIOR: [f64; 2] = [1.0, 29.0];

/// One auction: the market's price, and what a click is worth.
#[derive(Debug, Clone, Copy)]
struct Auction {
    market: f64,
    click: f64,
}

/// Simulates auctions and bids in them, learning the click rates by Thompson sampling.
///
/// # Errors
/// Numbers out of range.
pub fn simulate(simulation: &Simulation, purse: &Purse) -> Result<Bids, Faults> {
    let Simulation { auctions, creatives, seed } = *simulation;
    if auctions > MOST[0] || !(1..=MOST[1]).contains(&creatives) {
        let text = format!("{auctions} auctions with {creatives} creatives");
        let fault = Fault::error(Code::OutOfRange, "--simulate, --creatives", text);
        return Err(fault
            .with_help(format!("at most {} auctions, 1 to {} creatives", MOST[0], MOST[1]))
            .into());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rates: Vec<f64> = (0..creatives).map(|_| rng.random_range(RATES[0]..RATES[1])).collect();
    let market = LogNormal::new(0.0, 0.5)
        .map_err(|error| Faults::from(Fault::error(Code::OutOfRange, "--simulate", error.to_string())))?;
    let mut drawing = Drawing { market, auctions, at: 0, rng: rng.clone() };
    let (hindsight, with_known_rates) = known(&mut drawing, &rates, purse)?;
    // What people do is drawn after the auctions.
    let mut people = drawing.rng;
    let drawing = Drawing { market, auctions, at: 0, rng };
    let mut bids = learn(drawing, &rates, simulation, purse, &mut people)?;
    bids.hindsight = hindsight;
    bids.value_with_known_rates = Some(with_known_rates);
    Ok(bids)
}

/// Auctions one after the other.
struct Drawing {
    market: LogNormal<f64>,
    auctions: usize,
    at: usize,
    rng: ChaCha8Rng,
}

impl Iterator for Drawing {
    type Item = Auction;

    fn next(&mut self) -> Option<Auction> {
        if self.at == self.auctions {
            return None;
        }
        let season = 1.0 + 0.4 * (std::f64::consts::PI * self.at as f64 / self.auctions as f64).sin();
        self.at += 1;
        let click = 20.0 * season * self.market.sample(&mut self.rng);
        Some(Auction { market: self.market.sample(&mut self.rng), click })
    }
}

/// What is possible, and what pacing brings, to who knows the click rates: each slot with the best creative.
fn known(drawing: &mut Drawing, rates: &[f64], purse: &Purse) -> Result<(Hindsight, f64), Faults> {
    let best = rates.iter().copied().fold(0.0, f64::max);
    let mut pacer = pacer(purse, drawing.auctions)?;
    let (mut steps, mut value) = (Steps::default(), 0.0);
    for auction in drawing {
        let values = SLOTS.map(|(_, seen, _)| auction.click * seen * best);
        let costs = SLOTS.map(|(_, _, price)| auction.market * price);
        value += pacer.take(&values, &costs).map_or(0.0, |slot| values[slot]);
        steps.add(&values, &costs);
    }
    Ok((steps.hindsight(purse.budget), value))
}

/// Bids auction by auction; values are those of the true rates, decisions those of the drawn ones.
fn learn(
    drawing: Drawing,
    rates: &[f64],
    simulation: &Simulation,
    purse: &Purse,
    people: &mut ChaCha8Rng,
) -> Result<Bids, Faults> {
    let mut explorer = Explorer::new(rates.len(), PRIOR, simulation.seed.wrapping_add(1))
        .map_err(|error| refused("--creatives", &error))?;
    let mut pacer = pacer(purse, drawing.auctions)?;
    let mut creatives: Vec<Creative> = (1..=rates.len())
        .zip(rates)
        .map(|(number, &true_rate)| Creative {
            name: format!("creative {number}"),
            seen: 0,
            clicks: 0,
            learned_rate: f64::NAN,
            true_rate,
        })
        .collect();
    let count = drawing.auctions;
    let (mut options, mut prices) = (TextColumn::default(), Vec::with_capacity(count));
    let (mut values, mut costs) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let option = |creative: &Creative| SLOTS.map(|(slot, ..)| format!("{slot} slot, {}", creative.name));
    let names: Vec<[String; 2]> = creatives.iter().map(option).collect();
    let mut shares = Vec::new();
    let started = Instant::now();
    for auction in drawing {
        explorer.draw(&mut shares);
        let best = (0..shares.len()).max_by(|&a, &b| shares[a].total_cmp(&shares[b]));
        let best = best.unwrap_or(0);
        let worths = SLOTS.map(|(_, seen, _)| auction.click * seen * shares[best]);
        let prices_of_slots = SLOTS.map(|(_, _, price)| auction.market * price);
        prices.push(pacer.price().unwrap_or(0.0));
        let taken = pacer.take(&worths, &prices_of_slots);
        let (mut value, mut cost) = (0.0, 0.0);
        if let Some(slot) = taken {
            let seen = SLOTS[slot].1;
            options.push(&names[best][slot]);
            value = auction.click * seen * rates[best];
            cost = prices_of_slots[slot];
            if people.random_bool(seen) {
                let is_click = people.random_bool(rates[best]);
                creatives[best].seen += 1;
                creatives[best].clicks += u64::from(is_click);
                explorer.observe(best, is_click);
            }
        } else {
            options.push("");
        }
        values.push(value);
        costs.push(cost);
    }
    let seconds = started.elapsed().as_secs_f64();
    creatives.iter_mut().zip(explorer.means()).for_each(|(creative, mean)| creative.learned_rate = mean);
    Ok(Bids {
        auctions: None,
        spent: costs.iter().sum(),
        value: values.iter().sum(),
        options,
        values,
        costs,
        prices,
        budget: purse.budget,
        hindsight: Steps::default().hindsight(purse.budget),
        value_with_known_rates: None,
        creatives,
        seconds,
    })
}
