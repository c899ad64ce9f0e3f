//! Replenishment instances made from a seed.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use chrono::{Days, NaiveDate};
use flate2::Compression;
use flate2::write::GzEncoder;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, LogNormal, Poisson};

/// What can go wrong: the disk.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What an instance is made of.
#[derive(Clone)]
pub struct Spec {
    /// Its name, and that of its folder.
    pub name: &'static str,
    seed: u64,
    items: usize,
    locations: usize,
    suppliers: usize,
    weeks: usize,
    horizon: usize,
    scenarios: usize,
    /// Share of items with intermittent demand.
    intermittent: f64,
    lost_sales: bool,
    /// Order multiples and least quantities.
    cases: bool,
    /// Fixed cost of an order to a supplier.
    order_cost: f64,
    /// Share of the horizon's expected spend that the budget allows; 0: none.
    budget: f64,
    shelf_life_days: u32,
    compressed: bool,
    /// Too large to ship.
    pub large: bool,
    /// What is known of its optimum: objective, bound, gap that must be reached, seconds given.
    known: Option<Known>,
}

/// What is known of an instance's optimum.
#[derive(Clone, Copy)]
struct Known {
    objective: f64,
    bound: f64,
    gap: f64,
    time_limit_seconds: f64,
}

const PLAIN: Spec = Spec {
    name: "",
    seed: 1,
    items: 1,
    locations: 1,
    suppliers: 1,
    weeks: 104,
    horizon: 13,
    scenarios: 50,
    intermittent: 0.3,
    lost_sales: true,
    cases: false,
    order_cost: 0.0,
    budget: 0.0,
    shelf_life_days: 0,
    compressed: true,
    large: false,
    known: None,
};

/// All that have a name.
pub fn specs() -> Vec<Spec> {
    vec![
        Spec { name: "one-item", seed: 11, weeks: 20, horizon: 8, compressed: false, ..PLAIN },
        Spec {
            name: "cases-40",
            seed: 12,
            items: 20,
            locations: 2,
            suppliers: 2,
            cases: true,
            lost_sales: false,
            ..PLAIN
        },
        Spec { name: "slow-movers-60", seed: 13, items: 60, intermittent: 1.0, ..PLAIN },
        Spec {
            name: "fresh-24",
            seed: 14,
            items: 12,
            locations: 2,
            shelf_life_days: 14,
            horizon: 8,
            ..PLAIN
        },
        Spec {
            name: "one-truck-120",
            seed: 15,
            items: 60,
            locations: 2,
            suppliers: 3,
            order_cost: 40.0,
            cases: true,
            ..PLAIN
        },
        Spec {
            name: "shared-600",
            seed: 16,
            items: 150,
            locations: 4,
            suppliers: 6,
            horizon: 26,
            scenarios: 20,
            cases: true,
            lost_sales: false,
            order_cost: 60.0,
            budget: 0.8,
            ..PLAIN
        },
        Spec {
            name: "series-30000",
            seed: 17,
            items: 3000,
            locations: 10,
            suppliers: 20,
            large: true,
            known: Some(Known {
                objective: 2_986_786.24,
                bound: 2_986_786.22,
                gap: 1e-4,
                time_limit_seconds: 60.0,
            }),
            ..PLAIN
        },
        Spec {
            name: "budget-30000",
            seed: 17,
            items: 3000,
            locations: 10,
            suppliers: 20,
            budget: 0.8,
            large: true,
            known: Some(Known {
                objective: 5_355_739.26,
                bound: 5_355_739.23,
                gap: 0.01,
                time_limit_seconds: 120.0,
            }),
            ..PLAIN
        },
    ]
}

/// A plain one of about `pairs` stock points.
pub fn sized(pairs: usize, weeks: usize) -> Spec {
    let locations = if pairs >= 10 { 10 } else { 1 };
    Spec { name: "sized", items: pairs.div_ceil(locations), locations, weeks, suppliers: 5, ..PLAIN }
}

/// Monday on which is planned.
fn plan_date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 4, 1).unwrap_or_default()
}

/// One stock point's true demand.
struct Demand {
    level: f64,
    dispersion: f64,
    amplitude: f64,
    phase: f64,
    trend: f64,
    /// Probability that a week has demand at all.
    activity: f64,
}

impl Demand {
    fn draw(spec: &Spec, rng: &mut ChaCha8Rng) -> Result<Self> {
        let slow = rng.random_bool(spec.intermittent);
        let level = LogNormal::new(if slow { 0.7 } else { 2.7 }, 0.8)?.sample(rng);
        Ok(Demand {
            level,
            dispersion: rng.random_range(0.1..0.5),
            amplitude: rng.random_range(0.0..0.4),
            phase: rng.random_range(0.0..52.0),
            trend: rng.random_range(-0.002..0.003),
            activity: if slow { rng.random_range(0.25..0.7) } else { 1.0 },
        })
    }

    fn mean(&self, week: usize) -> f64 {
        let season = (2.0 * std::f64::consts::PI * (week as f64 + self.phase) / 52.0).sin();
        self.level * (1.0 + self.amplitude * season) * (1.0 + self.trend * week as f64) * self.activity
    }

    /// A negative binomial draw: Poisson with a gamma mean.
    fn sample(&self, week: usize, rng: &mut ChaCha8Rng) -> Result<f64> {
        if !rng.random_bool(self.activity) {
            return Ok(0.0);
        }
        let mean = (self.mean(week) / self.activity).max(0.01);
        let rate = Gamma::new(1.0 / self.dispersion, mean * self.dispersion)?.sample(rng);
        Ok(if rate > 0.0 { Poisson::new(rate)?.sample(rng) } else { 0.0 })
    }
}

struct Item {
    code: String,
    unit_cost: f64,
    case: f64,
    supplier: usize,
    volume: f64,
}

/// Writes `spec` as an instance folder; gives its number of stock points.
pub fn write(spec: &Spec, folder: &Path) -> Result<usize> {
    fs::create_dir_all(folder)?;
    let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
    let items: Vec<Item> = (0..spec.items).map(|index| item(spec, index, &mut rng)).collect();
    let locations: Vec<String> = (0..spec.locations).map(|index| format!("L{:02}", index + 1)).collect();
    let mut sales = table(folder, "sales", spec.compressed, "item,location,date,quantity,stock_out")?;
    let mut stock = table(folder, "stock", false, "item,location,date,on_hand")?;
    let first = plan_date() - Days::new(7 * spec.weeks as u64);
    let mut spend = 0.0;
    for item in &items {
        for location in &locations {
            let demand = Demand::draw(spec, &mut rng)?;
            for week in 0..spec.weeks {
                let wanted = demand.sample(week, &mut rng)?;
                let out = rng.random_bool(0.03);
                let sold = if out { (wanted * rng.random_range(0.0..0.8)).floor() } else { wanted };
                if sold > 0.0 || out {
                    let date = first + Days::new(7 * week as u64);
                    writeln!(
                        sales,
                        "{},{location},{date},{sold},{}",
                        item.code,
                        if out { "yes" } else { "no" }
                    )?;
                }
            }
            let weekly = demand.mean(spec.weeks);
            spend += weekly * spec.horizon as f64 * item.unit_cost;
            let on_hand = (weekly * rng.random_range(0.5..3.0)).round();
            writeln!(stock, "{},{location},{},{on_hand}", item.code, plan_date())?;
        }
    }
    sales.finish()?;
    stock.finish()?;
    write_items(spec, folder, &items)?;
    write_suppliers(spec, folder, &items, &mut rng)?;
    let budget =
        if spec.budget > 0.0 { format!("budget = {:.0}\n", spec.budget * spend) } else { String::new() };
    fs::write(
        folder.join("instance.toml"),
        format!(
            "# Made by examples/generate_replenishment.rs, seed {}.\nmodel = \"replenishment\"\nname = \"{}\"\n\n\
             [settings]\nbucket = \"week\"\nhorizon = {}\nscenarios = {}\n{budget}",
            spec.seed, spec.name, spec.horizon, spec.scenarios
        ),
    )?;
    if let Some(known) = spec.known {
        fs::write(folder.join("expected.json"), expected(&known))?;
    }
    Ok(items.len() * locations.len())
}

/// What `purvey bench` holds a solve against.
fn expected(known: &Known) -> String {
    format!(
        "{{\n  \"objective\": {},\n  \"bound\": {},\n  \"tolerance\": 0.001,\n  \"gap\": {},\n  \
         \"time_limit_seconds\": {},\n  \"tier\": \"large\",\n  \
         \"source\": \"purvey solve, seed 0, forecasts by auto\"\n}}\n",
        known.objective, known.bound, known.gap, known.time_limit_seconds
    )
}

fn item(spec: &Spec, index: usize, rng: &mut ChaCha8Rng) -> Item {
    let cases = [1.0, 4.0, 6.0, 12.0, 24.0];
    Item {
        code: format!("I{:05}", index + 1),
        unit_cost: (rng.random_range(0.5..20.0_f64) * 100.0).round() / 100.0,
        case: if spec.cases { cases[rng.random_range(0..cases.len())] } else { 1.0 },
        supplier: rng.random_range(0..spec.suppliers),
        volume: (rng.random_range(0.2..8.0_f64) * 10.0).round() / 10_000.0,
    }
}

fn write_items(spec: &Spec, folder: &Path, items: &[Item]) -> Result<()> {
    let mut file = table(
        folder,
        "items",
        false,
        "item,category,unit_cost,price,holding_rate,shortage_cost,unmet_demand,shelf_life_days,volume_m3",
    )?;
    for (index, item) in items.iter().enumerate() {
        let (price, shortage) =
            (item.unit_cost * 1.6, item.unit_cost * if spec.lost_sales { 0.6 } else { 0.15 });
        let life = if spec.shelf_life_days > 0 { spec.shelf_life_days.to_string() } else { String::new() };
        let unmet = if spec.lost_sales { "lost" } else { "backorder" };
        writeln!(
            file,
            "{},C{},{:.2},{price:.2},0.25,{shortage:.3},{unmet},{life},{}",
            item.code,
            index % 8,
            item.unit_cost,
            item.volume
        )?;
    }
    file.finish()
}

fn write_suppliers(spec: &Spec, folder: &Path, items: &[Item], rng: &mut ChaCha8Rng) -> Result<()> {
    let mut file = table(folder, "suppliers", false, "supplier,lead_time_days,order_cost")?;
    for index in 0..spec.suppliers {
        let lead = [7, 7, 14, 14, 21][rng.random_range(0..5)];
        writeln!(file, "S{:02},{lead},{}", index + 1, spec.order_cost)?;
    }
    file.finish()?;
    let mut file = table(folder, "sourcing", false, "item,supplier,moq,order_multiple")?;
    for item in items {
        let moq = if spec.cases { 2.0 * item.case } else { 0.0 };
        writeln!(file, "{},S{:02},{moq},{}", item.code, item.supplier + 1, item.case)?;
    }
    file.finish()
}

/// A CSV file under construction, plain or compressed.
enum Sheet {
    Plain(std::io::BufWriter<File>),
    Gz(GzEncoder<std::io::BufWriter<File>>),
}

impl Sheet {
    fn finish(self) -> Result<()> {
        match self {
            Sheet::Plain(mut file) => file.flush()?,
            Sheet::Gz(file) => file.finish()?.flush()?,
        }
        Ok(())
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Sheet::Plain(file) => file.write(bytes),
            Sheet::Gz(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Sheet::Plain(file) => file.flush(),
            Sheet::Gz(file) => file.flush(),
        }
    }
}

fn table(folder: &Path, name: &str, compressed: bool, header: &str) -> Result<Sheet> {
    let ending = if compressed { "csv.gz" } else { "csv" };
    let file = std::io::BufWriter::new(File::create(folder.join(format!("{name}.{ending}")))?);
    let mut sheet =
        if compressed { Sheet::Gz(GzEncoder::new(file, Compression::default())) } else { Sheet::Plain(file) };
    writeln!(sheet, "{header}")?;
    Ok(sheet)
}
