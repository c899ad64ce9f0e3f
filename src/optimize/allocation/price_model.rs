//! The model of the bound that leads the search for prices: one in all for few
//! rows (`bundle`), one a part for many rows and switches (`proximal`).

use super::bundle::{Bundle, Sample};
use super::coupling::{Coupling, SharedRow};
use super::offers::Menu;
use super::oracle::Evaluation;
use super::proximal::{Next, Proximal};

/// Up to so many rows without switches one model in all is as good and much cheaper.
const FEW_ROWS: usize = 16;

/// Where a search starts.
pub(super) struct Start {
    pub prices: Vec<f64>,
    /// Root of the squared usages of each row.
    pub scale: Vec<f64>,
    /// Bound of the absolute scaled prices; infinite for none.
    pub most: f64,
    pub reach: f64,
    pub cost_weight: f64,
}

/// The model, the best prices known and their bound.
pub(super) struct PriceModel<'a> {
    pub centre: Vec<f64>,
    pub value: f64,
    pub scale: Vec<f64>,
    /// Fractional open copies of each switch.
    pub open: Vec<f64>,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// Coordinates are prices times scale; the point that was asked last.
    Bundle(Bundle, Vec<f64>),
    Proximal(Proximal<'a>),
}

impl<'a> PriceModel<'a> {
    pub fn new(coupling: &'a Coupling, start: Start, evaluation: &Evaluation) -> Self {
        let open = vec![0.0; coupling.switches().len()];
        let (centre, value, scale) = (start.prices.clone(), evaluation.bound, start.scale.clone());
        let kind = if coupling.rows().len() <= FEW_ROWS && open.is_empty() {
            let point: Vec<f64> = centre.iter().zip(&scale).map(|(price, scale)| price * scale).collect();
            let allowed = coupling.rows().iter().map(|row| allowed(row, start.most)).collect();
            let bundle = Bundle::new(point.clone(), allowed, scaled(evaluation, &scale), start.reach);
            Kind::Bundle(bundle, point)
        } else {
            Kind::Proximal(Proximal::new(coupling, start, value))
        };
        PriceModel { centre, value, scale, open, kind }
    }

    /// Prices to ask next; converged when no more than `tolerance` is promised.
    pub fn next<M: Menu>(&mut self, menu: &M, answers: impl Fn(usize) -> u32, tolerance: f64) -> Next {
        match &mut self.kind {
            Kind::Bundle(bundle, asked) => match bundle.next(tolerance) {
                Next::Ask(point) => {
                    let prices = point.iter().zip(&self.scale).map(|(x, scale)| x / scale).collect();
                    *asked = point;
                    Next::Ask(prices)
                }
                Next::Converged => Next::Converged,
            },
            Kind::Proximal(proximal) => {
                let next = proximal.next(menu, answers, tolerance);
                self.open.clone_from(&proximal.open);
                next
            }
        }
    }

    /// Takes in what was found at the prices asked.
    pub fn record(&mut self, prices: Vec<f64>, evaluation: &Evaluation) {
        let serious = match &mut self.kind {
            Kind::Bundle(bundle, asked) => {
                bundle.record(std::mem::take(asked), scaled(evaluation, &self.scale))
            }
            Kind::Proximal(proximal) => proximal.record(evaluation.bound),
        };
        if serious {
            self.centre = prices;
            self.value = evaluation.bound;
        }
    }

    /// Multiplies the scale of each row by its factor.
    pub fn rescale(&mut self, factors: &[f64]) {
        for (scale, factor) in self.scale.iter_mut().zip(factors) {
            *scale *= factor;
        }
        match &mut self.kind {
            Kind::Bundle(bundle, _) => bundle.rescale(factors),
            Kind::Proximal(proximal) => proximal.scale.clone_from(&self.scale),
        }
    }

    /// The fractional selection, rounded, where the model has one.
    pub fn heaviest(&self) -> Option<Vec<u32>> {
        match &self.kind {
            Kind::Bundle(..) => None,
            Kind::Proximal(proximal) => proximal.heaviest(),
        }
    }
}

fn allowed(row: &SharedRow, most: f64) -> (f64, f64) {
    let side = |limit: f64| if limit.is_finite() { most } else { 0.0 };
    (-side(row.lower), side(row.upper))
}

fn scaled(evaluation: &Evaluation, scale: &[f64]) -> Sample {
    let gradient = evaluation.excess.iter().zip(scale).map(|(excess, scale)| excess / scale).collect();
    Sample { bound: evaluation.bound, value: evaluation.value, gradient }
}
