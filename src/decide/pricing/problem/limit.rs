//! Limits on the price of one product.

use super::{Place, SAME};

/// A band around a competitor's price.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Band {
    pub competitor: String,
    /// The competitor's price.
    pub price: f64,
    /// Ours is at least and at most these times it.
    pub low: f64,
    pub high: f64,
}

/// What a limit says.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum LimitRule {
    AtLeast(f64),
    AtMost(f64),
    /// Largest change, as a share of the price now.
    Change(f64),
    Band(Band),
}

/// A limit and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Limit {
    pub rule: LimitRule,
    pub place: Place,
}

impl Limit {
    /// Constraint family, as in the contract.
    pub fn family(&self) -> &'static str {
        match self.rule {
            LimitRule::AtLeast(_) | LimitRule::AtMost(_) => "price_limit",
            LimitRule::Change(_) => "price_change",
            LimitRule::Band(_) => "competitor_band",
        }
    }

    /// Lowest and highest price.
    pub fn range(&self, price_now: f64) -> (f64, f64) {
        match &self.rule {
            LimitRule::AtLeast(low) => (*low, f64::INFINITY),
            LimitRule::AtMost(high) => (0.0, *high),
            LimitRule::Change(share) => (price_now * (1.0 - share), price_now * (1.0 + share)),
            LimitRule::Band(band) => (band.low * band.price, band.high * band.price),
        }
    }

    pub fn holds(&self, price: f64, price_now: f64) -> bool {
        let (low, high) = self.range(price_now);
        price >= low * (1.0 - SAME) && price <= high * (1.0 + SAME)
    }

    /// The limit in words, after "the price of X".
    pub fn text(&self, price_now: f64) -> String {
        let (low, high) = self.range(price_now);
        match &self.rule {
            LimitRule::AtLeast(_) => format!("must be at least {low}"),
            LimitRule::AtMost(_) => format!("must be at most {high}"),
            LimitRule::Change(share) => format!("may change by {} % at most (max_change)", 100.0 * share),
            LimitRule::Band(Band { competitor, price, low: from, high: to }) => {
                format!("must be {low:.2} to {high:.2}, {from} to {to} of the {price} at {competitor}")
            }
        }
    }
}
