//! Test problems with known fronts, on which searches are compared.
//!
//! Method: ZDT1 to ZDT4 and ZDT6 by E. Zitzler, K. Deb and L. Thiele (2000), "Comparison of
//! Multiobjective Evolutionary Algorithms: Empirical Results", doi:10.1162/106365600568202; DTLZ2
//! by K. Deb, L. Thiele, M. Laumanns and E. Zitzler (2002), "Scalable multi-objective optimization
//! test problems", doi:10.1109/CEC.2002.1007032; WFG1, 2, 4, 5, 6 and 7 by S. Huband, P. Hingston,
//! L. Barone and L. While (2006), "A Review of Multiobjective Test Problems and a Scalable Test
//! Problem Toolkit", doi:10.1109/TEVC.2005.861417.
//! Cost: O(genes) an evaluation, O(genes^2) for WFG6 and WFG7; memory O(genes).
//! Use a [`Problem`] of your own instead for anything but comparing methods.
//! Not for: constraints or whole numbers, which these problems do not have.
//! Same input gives the same answer: yes.

use std::f64::consts::PI;

use super::{Genes, Problem, Space, fronts};

mod wfg;

/// One test problem.
#[derive(Debug, Clone, PartialEq)]
pub struct TestProblem {
    kind: Kind,
    space: Space,
    objectives: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zdt(u8),
    Dtlz2,
    Wfg(u8),
}

impl TestProblem {
    /// Names that [`TestProblem::named`] knows.
    pub const NAMES: &[&str] =
        &["zdt1", "zdt2", "zdt3", "zdt4", "zdt6", "dtlz2", "wfg1", "wfg2", "wfg4", "wfg5", "wfg6", "wfg7"];

    /// The problem of that name (upper or lower case) in its usual size: 30 genes for ZDT1 to
    /// ZDT3, 10 for ZDT4, ZDT6 and DTLZ2 (three goals), 24 for WFG (two goals).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (kind, genes, objectives) = match name.to_lowercase().as_str() {
            "zdt1" => (Kind::Zdt(1), 30, 2),
            "zdt2" => (Kind::Zdt(2), 30, 2),
            "zdt3" => (Kind::Zdt(3), 30, 2),
            "zdt4" => (Kind::Zdt(4), 10, 2),
            "zdt6" => (Kind::Zdt(6), 10, 2),
            "dtlz2" => (Kind::Dtlz2, 10, 3),
            "wfg1" => (Kind::Wfg(1), 24, 2),
            "wfg2" => (Kind::Wfg(2), 24, 2),
            "wfg4" => (Kind::Wfg(4), 24, 2),
            "wfg5" => (Kind::Wfg(5), 24, 2),
            "wfg6" => (Kind::Wfg(6), 24, 2),
            "wfg7" => (Kind::Wfg(7), 24, 2),
            _ => return None,
        };
        TestProblem { kind, space: Space::default(), objectives }.sized(genes, objectives)
    }

    /// The same problem with other numbers of genes and goals; `None` where it has no such form.
    /// WFG takes 4 genes for position with two goals, 2 for each goal but one with more.
    #[must_use]
    pub fn sized(mut self, genes: usize, objectives: usize) -> Option<Self> {
        if genes == 0 || objectives < 2 {
            return None;
        }
        let fits = match self.kind {
            Kind::Zdt(_) => objectives == 2 && genes >= 2,
            Kind::Dtlz2 => genes >= objectives,
            Kind::Wfg(number) => {
                let position = wfg::position_genes(objectives);
                let even = (genes.saturating_sub(position)).is_multiple_of(2);
                genes > position && (number != 2 || even)
            }
        };
        self.objectives = objectives;
        self.space = match self.kind {
            Kind::Zdt(4) => Space::default().with_reals(1, 0.0, 1.0).with_reals(genes - 1, -5.0, 5.0),
            Kind::Zdt(_) | Kind::Dtlz2 => Space::default().with_reals(genes, 0.0, 1.0),
            Kind::Wfg(_) => {
                (1..=genes).fold(Space::default(), |space, i| space.with_reals(1, 0.0, 2.0 * i as f64))
            }
        };
        fits.then_some(self)
    }

    /// Points of the true front, `objectives` numbers each; about `count` of them.
    #[must_use]
    pub fn front(&self, count: usize) -> Vec<f64> {
        let m = self.objectives;
        let steps = (count as f64).powf(1.0 / (m - 1) as f64).ceil().max(2.0) as usize;
        let total = steps.pow(m as u32 - 1);
        let mut points = Vec::with_capacity(total * m);
        for at in 0..total {
            let shares: Vec<f64> =
                (0..m - 1).map(|k| (at / steps.pow(k as u32) % steps) as f64 / (steps - 1) as f64).collect();
            match self.kind {
                Kind::Zdt(number) => points.extend(zdt_front(number, shares[0])),
                Kind::Dtlz2 => points.extend(sphere(&shares, 1.0)),
                Kind::Wfg(number) => points.extend(wfg::shape(number, &shares, 0.0)),
            }
        }
        // Torn fronts are drawn whole and cut here.
        let rank = fronts(&points, m);
        points
            .chunks_exact(m)
            .zip(rank)
            .filter(|(_, rank)| *rank == 0)
            .flat_map(|(p, _)| p)
            .copied()
            .collect()
    }

    /// The point to which the hypervolume of this problem is measured: 1.1 for ZDT and DTLZ2,
    /// 2 i + 1 in goal i for WFG.
    #[must_use]
    pub fn reference(&self) -> Vec<f64> {
        (1..=self.objectives)
            .map(|i| if matches!(self.kind, Kind::Wfg(_)) { 2.0 * i as f64 + 1.0 } else { 1.1 })
            .collect()
    }
}

impl Problem for TestProblem {
    fn space(&self) -> &Space {
        &self.space
    }

    fn objectives(&self) -> usize {
        self.objectives
    }

    fn evaluate(&self, genes: &Genes, objectives: &mut [f64]) -> f64 {
        match self.kind {
            Kind::Zdt(number) => objectives.copy_from_slice(&zdt(number, &genes.numbers)),
            Kind::Dtlz2 => {
                let (position, distance) = genes.numbers.split_at(self.objectives - 1);
                let g: f64 = distance.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
                objectives.copy_from_slice(&sphere(position, 1.0 + g));
            }
            Kind::Wfg(number) => {
                objectives.copy_from_slice(&wfg::evaluate(number, &genes.numbers, self.objectives));
            }
        }
        0.0
    }
}

fn zdt(number: u8, x: &[f64]) -> [f64; 2] {
    let (head, tail) = (x[0], &x[1..]);
    let mean = tail.iter().sum::<f64>() / tail.len() as f64;
    match number {
        1 => [head, (1.0 + 9.0 * mean) * (1.0 - (head / (1.0 + 9.0 * mean)).sqrt())],
        2 => {
            let g = 1.0 + 9.0 * mean;
            [head, g * (1.0 - (head / g).powi(2))]
        }
        3 => {
            let g = 1.0 + 9.0 * mean;
            [head, g * (1.0 - (head / g).sqrt() - head / g * (10.0 * PI * head).sin())]
        }
        4 => {
            let waves: f64 = tail.iter().map(|x| x * x - 10.0 * (4.0 * PI * x).cos()).sum();
            let g = 1.0 + 10.0 * tail.len() as f64 + waves;
            [head, g * (1.0 - (head / g).sqrt())]
        }
        _ => {
            let first = 1.0 - (-4.0 * head).exp() * (6.0 * PI * head).sin().powi(6);
            let g = 1.0 + 9.0 * mean.powf(0.25);
            [first, g * (1.0 - (first / g).powi(2))]
        }
    }
}

fn zdt_front(number: u8, share: f64) -> [f64; 2] {
    let x = share;
    match number {
        2 => [x, 1.0 - x * x],
        3 => [x, 1.0 - x.sqrt() - x * (10.0 * PI * x).sin()],
        6 => {
            // The first goal of ZDT6 never gets below 0.2807753191.
            let first = 0.280_775_319_1 + share * (1.0 - 0.280_775_319_1);
            [first, 1.0 - first * first]
        }
        _ => [x, 1.0 - x.sqrt()],
    }
}

/// A point of the sphere of that radius, from angles as shares of a right angle.
fn sphere(angles: &[f64], radius: f64) -> Vec<f64> {
    let m = angles.len() + 1;
    (0..m)
        .map(|k| {
            let cosines: f64 = angles[..m - 1 - k].iter().map(|x| (x * PI / 2.0).cos()).product();
            let sine = if k == 0 { 1.0 } else { (angles[m - 1 - k] * PI / 2.0).sin() };
            radius * cosines * sine
        })
        .collect()
}
