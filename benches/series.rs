//! Speed of the forecasting methods on weekly demand: 104 weeks, 26 ahead, 100 paths.
//!
//! `cargo bench --bench series`; times are per series on one thread, and of 1,000
//! series on all of them (`auto panel`), the shape of 30,000 series x 104 weeks.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use purvey::control::Control;
use purvey::predict::series::{
    ALL, Frequency, Model, Panel, Series, SeriesError, Settings, forecast, method,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A third smooth, a third erratic with a season, a third intermittent.
fn weekly_demand(count: usize) -> Panel {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draw = move || -> f64 { rng.random() };
    let series = (0..count).map(|i| {
        let level = 2.0 + 60.0 * draw() * draw();
        let y = (0..104).map(|t| {
            let season = 1.0 + 0.3 * (std::f64::consts::TAU * f64::from(t) / 52.0).sin();
            let noise = draw() + draw();
            match i % 3 {
                0 => (level * (0.5 + 0.5 * noise)).round(),
                1 => (level * season * noise * noise).round(),
                _ => {
                    if draw() < 0.25 {
                        (1.0 + 3.0 * noise).floor()
                    } else {
                        0.0
                    }
                }
            }
        });
        Series::new(format!("S{i}"), y.collect())
    });
    Panel::new(series.collect(), Frequency::Weekly)
}

fn methods(criterion: &mut Criterion) -> Result<(), SeriesError> {
    let settings = Settings { horizon: 26, paths: 100, nonnegative: true };
    let control = Control::default().with_threads(1);
    let panel = weekly_demand(30);
    assert!(panel.series.iter().all(|series| series.y.len() == 104));
    let mut group = criterion.benchmark_group("30 series x 104 weeks");
    group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(300));
    for each in &ALL {
        let model = Model::learn(&panel, each, &settings, &control)?;
        group.bench_with_input(BenchmarkId::from_parameter(each.name), &panel, |bencher, panel| {
            bencher.iter(|| {
                (0..panel.series.len())
                    .map(|i| model.forecast(black_box(panel), i).map_or(0.0, |f| f.mean[0]))
                    .sum::<f64>()
            });
        });
    }
    group.finish();
    Ok(())
}

fn panel(criterion: &mut Criterion) -> Result<(), SeriesError> {
    let settings = Settings { horizon: 26, paths: 100, nonnegative: true };
    let auto = method("auto")?;
    let mut group = criterion.benchmark_group("auto panel");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for count in [100, 1_000] {
        let panel = weekly_demand(count);
        assert_eq!(panel.series.len(), count);
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| {
                forecast(black_box(&panel), auto, &settings, &Control::default()).map_or(0, |all| all.len())
            });
        });
    }
    group.finish();
    Ok(())
}

fn all(criterion: &mut Criterion) {
    let done = methods(criterion).and_then(|()| panel(criterion));
    assert_eq!(done, Ok(()), "the bench's own panel is refused");
}

criterion_group!(benches, all);
criterion_main!(benches);
