#![allow(clippy::unwrap_used)]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson};

use super::*;

/// A made-up category: `products` that answer to their own price and to the next
/// product's, in `groups` over `periods`; prices follow costs, and demand a little.
struct Category {
    sold: Vec<Sold>,
    own: Vec<f64>,
    rival: Vec<f64>,
}

struct Shape {
    products: usize,
    groups: u32,
    periods: u32,
    level: f64,
    follows: f64,
}

fn category(shape: &Shape, seed: u64) -> Category {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let normal = Normal::new(0.0, 1.0).unwrap();
    let mut draw = move || normal.sample(&mut random);
    let count = shape.products;
    let own: Vec<f64> = (0..count).map(|_| -2.5 + 0.25 * draw()).collect();
    let rival: Vec<f64> = (0..count).map(|_| 0.4 + 0.1 * draw()).collect();
    let mut sold: Vec<Sold> = (0..count)
        .map(|_| Sold { rivals: vec![Vec::new()], covariates: vec![Vec::new()], ..Sold::default() })
        .collect();
    let mut counts = ChaCha8Rng::seed_from_u64(seed + 1);
    for group in 0..shape.groups {
        let size = 0.5 * draw();
        for period in 0..shape.periods {
            let shocks: Vec<f64> = (0..count).map(|_| 0.3 * draw()).collect();
            let costs: Vec<f64> = (0..count).map(|_| 0.15 * draw()).collect();
            let deals: Vec<bool> = (0..count).map(|_| draw() > 1.3).collect();
            let price = |at: usize| {
                let own = 0.08 * draw_of(seed, group, period, at);
                costs[at] + own + shape.follows * shocks[at] - if deals[at] { 0.15 } else { 0.0 }
            };
            let prices: Vec<f64> = (0..count).map(price).collect();
            for (at, sold) in sold.iter_mut().enumerate() {
                let deal = f64::from(u8::from(deals[at]));
                let log = shape.level
                    + size
                    + own[at] * prices[at]
                    + rival[at] * prices[(at + 1) % count]
                    + 0.5 * deal
                    + shocks[at];
                let quantity = if shape.level < 3.0 {
                    Poisson::new(log.exp()).unwrap().sample(&mut counts)
                } else {
                    log.exp()
                };
                sold.group.push(group);
                sold.period.push(f64::from(period));
                sold.quantity.push(quantity);
                sold.price.push(prices[at].exp());
                sold.rivals[0].push(prices[(at + 1) % count].exp());
                sold.covariates[0].push(deal);
                sold.instrument.push(costs[at].exp());
            }
        }
    }
    Category { sold, own, rival }
}

fn draw_of(seed: u64, group: u32, period: u32, at: usize) -> f64 {
    let stream = u64::from(group) * 1_000_003 + u64::from(period) * 1_009 + at as u64;
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ (stream << 8));
    Normal::new(0.0, 1.0).unwrap().sample(&mut random)
}

fn error(truth: &[f64], found: impl Iterator<Item = f64>) -> f64 {
    truth.iter().zip(found).map(|(truth, found)| (truth - found).abs()).sum::<f64>() / truth.len() as f64
}

/// Slope of logarithms by least squares over all rows, no effects of groups.
fn plain(sold: &Sold) -> f64 {
    let logs = |values: &[f64]| values.iter().map(|v| v.max(0.5).ln()).collect::<Vec<f64>>();
    let (x, y) = (logs(&sold.price), logs(&sold.quantity));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mx, my) = (mean(&x), mean(&y));
    let xy: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
    xy / x.iter().map(|x| (x - mx).powi(2)).sum::<f64>()
}

#[test]
fn twenty_weeks_are_enough_where_products_share_what_they_know() {
    let shape = Shape { products: 30, groups: 1, periods: 20, level: 5.0, follows: 0.0 };
    let Category { sold, own, rival } = category(&shape, 7);
    let found = fit(&sold, &ResponseOptions::default());
    let ours = error(&own, found.iter().map(|response| response.own.value));
    let theirs = error(&own, sold.iter().map(plain));
    assert!(ours < 0.5 * theirs, "{ours} against {theirs}");
    let crossed = error(&rival, found.iter().map(|response| response.rivals[0].value));
    assert!(crossed < 0.25, "{crossed}");
    let covered = found.iter().zip(&own).filter(|(r, own)| (r.own.value - *own).abs() < 1.96 * r.own.error);
    assert!(covered.count() >= 25);
}

#[test]
fn weeks_without_a_sale_do_not_bend_the_elasticity() {
    let shape = Shape { products: 12, groups: 6, periods: 60, level: 0.8, follows: 0.0 };
    let Category { sold, own, .. } = category(&shape, 3);
    assert!(sold[0].quantity.contains(&0.0));
    let found = fit(&sold, &ResponseOptions::default());
    let ours = error(&own, found.iter().map(|response| response.own.value));
    let theirs = error(&own, sold.iter().map(plain));
    assert!(ours < 0.2 && ours < 0.8 * theirs, "{ours} against {theirs}");
}

#[test]
fn an_instrument_finds_what_prices_that_follow_demand_hide() {
    let shape = Shape { products: 4, groups: 8, periods: 100, level: 5.0, follows: 0.5 };
    let Category { sold, own, .. } = category(&shape, 5);
    for (response, own) in fit(&sold, &ResponseOptions::default()).iter().zip(own) {
        let instrumented = response.instrumented.unwrap();
        assert!((instrumented.value - own).abs() < 3.0 * instrumented.error, "{instrumented:?} {own}");
        assert!(response.own.value - own > 0.2, "the plain slope is too flat: {:?} {own}", response.own);
        assert!(instrumented.strength > 10.0 && instrumented.distance > 2.0, "{instrumented:?}");
    }
}

#[test]
fn one_price_borrows_from_the_others() {
    let shape = Shape { products: 10, groups: 2, periods: 30, level: 5.0, follows: 0.0 };
    let mut sold = category(&shape, 11).sold;
    sold[0].price.fill(2.0);
    let found = fit(&sold, &ResponseOptions::default());
    assert!(!found[0].identified && found[1].identified);
    let common = found[1..].iter().map(|response| response.own.value).sum::<f64>() / 9.0;
    assert!((found[0].own.value - common).abs() < 0.5, "{:?} {common}", found[0].own);
}

#[test]
fn one_price_that_rounds_makes_no_slope() {
    let shape = Shape { products: 6, groups: 3, periods: 21, level: 5.0, follows: 0.0 };
    let mut sold = category(&shape, 12).sold;
    // The mean of many times 1.96 is not 1.96 to the last digit.
    sold[0].price.fill(1.96);
    let (one, group) = (sold[0].clone(), 1);
    sold[1].price.iter_mut().zip(&one.group).filter(|it| *it.1 == group).for_each(|it| *it.0 = 1.93);
    let found = fit(&sold, &ResponseOptions::default());
    for response in &found[..2] {
        let ask = |price: f64| Question { group, period: 21.0, price, rivals: &[1.0], covariates: &[0.0] };
        let slope = (response.median(&ask(1.7)) / response.median(&ask(1.9))).ln() / (1.7_f64 / 1.9).ln();
        assert!((slope - response.own.value).abs() < 1e-9, "{slope} {:?}", response.own);
    }
}

#[test]
fn demand_is_that_of_the_fitted_rows() {
    let shape = Shape { products: 5, groups: 3, periods: 80, level: 6.0, follows: 0.0 };
    let Category { sold, own, .. } = category(&shape, 13);
    let found = fit(&sold, &ResponseOptions::default());
    let (first, response) = (&sold[0], &found[0]);
    let ask = |price: f64| Question { group: 1, period: 80.0, price, rivals: &[1.0], covariates: &[0.0] };
    let slope = (response.mean(&ask(1.1)) / response.mean(&ask(1.0))).ln() / 1.1_f64.ln();
    assert!(
        (slope - response.own.value - response.state.groups[1].slope).abs() < 1e-9
            && (slope - own[0]).abs() < 0.4
    );
    let rows = 0..first.price.len();
    let expected = rows.clone().map(|row| first.ask(row, |question| response.mean(question)));
    let (sum, all) = (expected.sum::<f64>(), first.quantity.iter().sum::<f64>());
    assert!((sum / all - 1.0).abs() < 0.15, "{sum} {all}");
}

#[test]
fn numbers_of_groups_do_not_matter() {
    let shape = Shape { products: 6, groups: 2, periods: 40, level: 5.0, follows: 0.2 };
    let near = category(&shape, 17).sold;
    let mut far = near.clone();
    far.iter_mut().for_each(|sold| sold.group.iter_mut().for_each(|group| *group += 100));
    for (near, far) in
        fit(&near, &ResponseOptions::default()).iter().zip(fit(&far, &ResponseOptions::default()))
    {
        assert_eq!((near.own, near.instrumented), (far.own, far.instrumented));
    }
}

#[test]
fn one_row_is_as_uncertain_as_what_was_believed() {
    let sold = Sold {
        group: vec![0],
        period: vec![0.0],
        quantity: vec![10.0],
        price: vec![2.0],
        instrument: vec![f64::NAN],
        ..Sold::default()
    };
    let response = &fit(&[sold], &ResponseOptions::default())[0];
    assert!(!response.identified && (response.own.value + 2.6).abs() < 1e-6 && response.own.error > 1.9);
}
