//! Writes delivery instances from a seed.
//!
//! usage: `generate_delivery VISITS SEED FOLDER` writes a city of that many visits; `generate_delivery
//! --rich FOLDER` a small one with every rule; `generate_delivery --events ORDERS VISITS SEED FOLDER` a
//! city with the log of a day on which that many orders come.

#![allow(clippy::print_stdout)]

use std::fs;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--rich", folder] => rich(Path::new(folder)),
        ["--events", orders, visits, seed, folder] => {
            city(visits.parse()?, seed.parse()?, Path::new(folder))?;
            events(orders.parse()?, visits.parse()?, seed.parse()?, Path::new(folder))
        }
        [visits, seed, folder] => city(visits.parse()?, seed.parse()?, Path::new(folder)),
        _ => Err("usage: generate_delivery VISITS SEED FOLDER | --rich FOLDER | --events ORDERS VISITS SEED FOLDER".into()),
    }
}

/// Places in clusters around a centre, morning and afternoon windows, three types of vehicles.
fn city(visits: usize, seed: u64, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let clusters: Vec<[f64; 2]> =
        (0..1 + visits / 12).map(|_| around(&mut random, [53.08, 8.81], 0.09)).collect();
    let mut rows = String::from(
        "visit,latitude,longitude,window_start,window_end,service_minutes,setup_minutes,delivery_kg,delivery_m3,prize,skills\n",
    );
    for visit in 0..visits {
        let centre = clusters[random.random_range(0..clusters.len())];
        let [latitude, longitude] = around(&mut random, centre, 0.015);
        let (start, end) = match random.random_range(0..5_u32) {
            0 => ("07:00", "10:00"),
            1 => ("09:00", "12:30"),
            2 => ("13:00", "16:30"),
            _ => ("07:00", "17:00"),
        };
        let kg = 20 * random.random_range(1..20_u32);
        let prize = if random.random_range(0..10_u32) == 0 {
            (5 + random.random_range(0..20_u32)).to_string()
        } else {
            String::new()
        };
        let skills = if random.random_range(0..12_u32) == 0 { "lift" } else { "" };
        rows += &format!(
            "V{visit:04},{latitude:.5},{longitude:.5},{start},{end},{},3,{kg},{:.2},{prize},{skills}\n",
            4 + random.random_range(0..12_u32),
            f64::from(kg) / 250.0
        );
    }
    fs::write(folder.join("visits.csv"), rows)?;
    fs::write(
        folder.join("depots.csv"),
        "depot,latitude,longitude,open,close\nHUB,53.07,8.78,05:30,19:00\nWEST,53.12,8.70,06:00,18:00\n",
    )?;
    let vans = 1 + visits / 14;
    let trucks = 1 + visits / 40;
    fs::write(
        folder.join("vehicles.csv"),
        format!(
            "vehicle,count,depot,shift_start,shift_end,capacity_kg,capacity_m3,fixed_cost,cost_per_km,cost_per_hour,max_hours,skills\n\
             VAN,{vans},HUB,06:00,15:00,1200,8,30,0.35,24,8,\n\
             TRUCK,{trucks},HUB,05:30,15:30,4800,24,85,0.8,27,9,lift\n\
             WESTVAN,{vans},WEST,07:00,16:00,1200,8,30,0.35,24,8,lift\n"
        ),
    )?;
    let settings =
        "model = \"delivery\"\n\n[settings]\nplan_date = \"2026-03-02\"\ntime_zone = \"Europe/Berlin\"\n";
    fs::write(folder.join("instance.toml"), settings)?;
    println!("{}: {visits} visits", folder.display());
    Ok(())
}

/// The log of a day: collections and calls for goods, some called off, traffic, and vans held up.
fn events(orders: usize, visits: usize, seed: u64, folder: &Path) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 1);
    let told = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let mut rows: Vec<(u32, String)> = Vec::new();
    for order in 0..orders {
        let [latitude, longitude] = around(&mut random, [53.08, 8.81], 0.09);
        let minute = random.random_range(7 * 60..13 * 60_u32);
        let close = minute + random.random_range(60..240_u32);
        let kg = 10 * random.random_range(1..12_u32);
        // Two of three are collections; goods lie at the depot.
        let (delivery, pickup) = if order % 3 == 0 { (kg, 0) } else { (0, kg) };
        let prize =
            if order % 5 == 4 { (10 + random.random_range(0..30_u32)).to_string() } else { String::new() };
        rows.push((
            minute,
            format!(
                "{},order,N{order:04},,,,{latitude:.5},{longitude:.5},{},{},{},{delivery},{pickup},{prize}",
                told(minute),
                told(minute),
                told(close),
                3 + random.random_range(0..8_u32)
            ),
        ));
        if order % 12 == 5 {
            let later = minute + random.random_range(10..60_u32);
            rows.push((later, format!("{},cancel,N{order:04},,,,,,,,,,,", told(later))));
        }
    }
    for (minute, factor) in [(450, 1.3), (560, 1.0), (700, 1.15)] {
        rows.push((minute, format!("{},traffic,,,{factor},,,,,,,,,", told(minute))));
    }
    let van = if 1 + visits / 14 > 1 { "VAN 1" } else { "VAN" };
    rows.push((520, format!("{},delay,,{van},,20,,,,,,,,", told(520))));
    rows.sort();
    let head = "time,event,visit,vehicle,factor,delay_minutes,latitude,longitude,window_start,window_end,service_minutes,\
        delivery_kg,pickup_kg,prize\n";
    let lines: String = rows.into_iter().map(|(_, row)| row + "\n").collect();
    fs::write(folder.join("events.csv"), format!("{head}{lines}"))?;
    let settings = fs::read_to_string(folder.join("instance.toml"))?;
    fs::write(
        folder.join("instance.toml"),
        format!("{settings}dispatch_period_minutes = 10\nchange_cost = 1.5\n"),
    )?;
    println!("{}: {orders} orders during the day", folder.display());
    Ok(())
}

/// A night with reloads, rests, a shipment, second windows and visits that cannot be served.
fn rich(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut rows = String::from(
        "visit,latitude,longitude,window_start,window_end,service_minutes,setup_minutes,delivery_pallets,pickup_pallets,\
         shipment,prize,skills,lateness_cost\n",
    );
    for visit in 0..24 {
        let [latitude, longitude] = around(&mut random, [53.08, 8.81], 0.06);
        let (start, end) = [("22:30", "23:45"), ("23:30", "02:30"), ("02:00", "04:30"), ("", "")]
            [random.random_range(0..4_usize)];
        let (delivery, pickup, shipment) = match visit {
            3 | 4 => (0, 3, if visit == 3 { "S1" } else { "S2" }),
            5 | 6 => (3, 0, if visit == 5 { "S1" } else { "S2" }),
            _ if visit % 7 == 0 => (0, 1, ""),
            _ => (random.random_range(1..5_u32), 0, ""),
        };
        let prize = if visit % 6 == 5 && shipment.is_empty() { "14" } else { "" };
        let skills = if visit % 8 == 2 { "cold" } else { "" };
        let late = if visit % 5 == 1 { "0.4" } else { "" };
        rows += &format!(
            "N{visit:02},{latitude:.5},{longitude:.5},{start},{end},8,2,{delivery},{pickup},{shipment},{prize},{skills},{late}\n"
        );
    }
    rows += "SWAPPED,8.81000,53.09000,,,8,2,1,0,,,,\nHUGE,53.09000,8.82000,,,8,2,90,0,,,,\nNOON,53.09500,8.83000,2026-03-29 12:00,2026-03-29 13:00,8,2,1,0,,,,\n";
    fs::write(folder.join("visits.csv"), rows)?;
    fs::write(
        folder.join("windows.csv"),
        "visit,window_start,window_end\nN01,04:45,05:15\nN09,04:45,05:15\n",
    )?;
    fs::write(folder.join("depots.csv"), "depot,latitude,longitude,reload_minutes\nHUB,53.07,8.78,15\n")?;
    fs::write(
        folder.join("vehicles.csv"),
        "vehicle,count,shift_start,shift_end,capacity_pallets,fixed_cost,cost_per_km,cost_per_hour,skills,max_reloads\n\
         NIGHT,3,2026-03-28 22:00,06:00,12,40,0.9,30,,1\nCOLD,1,2026-03-28 22:00,05:30,8,55,1.0,32,cold,1\n",
    )?;
    fs::write(
        folder.join("breaks.csv"),
        "vehicle,earliest,latest,minutes\nNIGHT,2026-03-29 01:00,2026-03-29 04:00,30\n",
    )?;
    let settings = "model = \"delivery\"\n\n[settings]\ntime_zone = \"Europe/Berlin\"\nbalance_cost = 2\n";
    fs::write(folder.join("instance.toml"), settings)?;
    println!("{}: 27 visits", folder.display());
    Ok(())
}

fn around(random: &mut ChaCha8Rng, centre: [f64; 2], spread: f64) -> [f64; 2] {
    // The sum of three even draws is bell-shaped enough for a city.
    let mut bell = || (0..3).map(|_| random.random::<f64>() - 0.5).sum::<f64>();
    let (a, b) = (bell(), bell());
    [centre[0] + a * spread, centre[1] + b * spread * 1.6]
}
