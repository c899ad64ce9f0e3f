//! Exact conversion between units of an item: pieces, cases, pallets.
//!
//! Factors are kept as fractions of whole numbers read from their decimals, so
//! that 12 times one twelfth is 1 and a case of 0.1 kg bags is exact.

use rustc_hash::FxHashMap;

use super::fault::{Code, Fault, Faults};
use super::near::{did_you_mean, near_miss};
use super::table::Table;

/// A positive fraction in lowest terms.
///
/// ```
/// use purvey::data::Fraction;
/// let case = Fraction::new(12, 1).unwrap();
/// let piece = Fraction::new(1, 12).unwrap();
/// assert_eq!(case.times(piece), Fraction::new(1, 1));
/// assert_eq!(Fraction::of(0.1).unwrap().apply(30.0), 3.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: u64,
    denominator: u64,
}

impl Fraction {
    /// One.
    pub const ONE: Fraction = Fraction { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; `None` unless both are positive.
    #[must_use]
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        let divisor = gcd(numerator, denominator);
        (numerator > 0 && denominator > 0)
            .then(|| Fraction { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// The fraction that a number stands for: a decimal of at most 12 digits after the point is
    /// taken as written; any other number (a third, cut off somewhere) as the simplest fraction
    /// within its rounding, where one with a denominator up to 10,000 exists.
    #[must_use]
    pub fn of(number: f64) -> Option<Self> {
        if !(number.is_finite() && number > 0.0 && number < 1e12) {
            return None;
        }
        simplest(number).or_else(|| decimal(number))
    }

    /// The product; `None` where its terms outgrow 64 bits.
    #[must_use]
    pub fn times(self, other: Fraction) -> Option<Self> {
        let (left, right) = (gcd(self.numerator, other.denominator), gcd(other.numerator, self.denominator));
        let numerator = (self.numerator / left).checked_mul(other.numerator / right)?;
        let denominator = (self.denominator / right).checked_mul(other.denominator / left)?;
        Some(Fraction { numerator, denominator })
    }

    /// One over it.
    #[must_use]
    pub fn inverse(self) -> Self {
        Fraction { numerator: self.denominator, denominator: self.numerator }
    }

    /// `quantity` times this, rounded once.
    #[must_use]
    pub fn apply(self, quantity: f64) -> f64 {
        let product = quantity * self.numerator as f64;
        // A decimal quantity has an error of its own; whole results come out whole.
        let value = product / self.denominator as f64;
        let whole = value.round();
        if (value - whole).abs() <= 4.0 * f64::EPSILON * whole.abs() { whole } else { value }
    }

    /// As a number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// The number's shortest decimal form as a fraction, where it has at most 12 decimals.
fn decimal(number: f64) -> Option<Fraction> {
    let text = number.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    if decimals.len() > 12 {
        return None;
    }
    let denominator = 10_u64.pow(decimals.len() as u32);
    let numerator = format!("{whole}{decimals}").parse().ok()?;
    Fraction::new(numerator, denominator)
}

/// The continued fraction of `number`, as far as its first convergent that rounds to it.
fn simplest(number: f64) -> Option<Fraction> {
    const LARGEST: u64 = 10_000;
    let (mut previous, mut current) = ((1_u64, 0_u64), (number.floor() as u64, 1_u64));
    let mut rest = number.fract();
    loop {
        let value = current.0 as f64 / current.1 as f64;
        if (value - number).abs() <= f64::EPSILON * number {
            return Fraction::new(current.0, current.1);
        }
        if rest < 1e-12 {
            return None;
        }
        let inverse = rest.recip();
        let digit = inverse.floor() as u64;
        rest = inverse.fract();
        let numerator = digit.checked_mul(current.0)?.checked_add(previous.0)?;
        let denominator = digit.checked_mul(current.1)?.checked_add(previous.1)?;
        if denominator > LARGEST {
            return None;
        }
        (previous, current) = (current, (numerator, denominator));
    }
}

/// The units of all items: how many stock units one of each is.
///
/// ```
/// use purvey::data::{Table, Units};
/// let table = Table::new("units")
///     .with_text("item", ["soap", "soap"])
///     .with_text("unit", ["case", "pallet"])
///     .with_number("factor", [12.0, 480.0]);
/// let units = Units::from_table(&table)?;
/// assert_eq!(units.to_stock("soap", "case")?.apply(4.0), 48.0);
/// assert_eq!(units.between("soap", "pallet", "case")?.apply(1.0), 40.0);
/// assert!(units.to_stock("soap", "crate").is_err());
/// # Ok::<(), purvey::data::Faults>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Units {
    file: String,
    /// Factor of each unit of an item, in the order of the table.
    items: FxHashMap<String, Vec<(String, Fraction)>>,
}

impl Units {
    /// Reads the columns `item`, `unit` and `factor` (stock units in one unit).
    ///
    /// # Errors
    /// A fault for each factor that is no fraction.
    pub fn from_table(table: &Table) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut units = Units { file: table.file().to_owned(), items: FxHashMap::default() };
        let columns = (table.text("item"), table.text("unit"), table.number("factor"));
        let (Some(items), Some(names), Some(factors)) = columns else { return Ok(units) };
        for (row, &factor) in factors.iter().enumerate() {
            match Fraction::of(factor) {
                Some(fraction) => {
                    let known = units.items.entry(items.get(row).to_owned()).or_default();
                    known.push((names.get(row).to_owned(), fraction));
                }
                None => faults.push(
                    Fault::error(
                        Code::OutOfRange,
                        table.file(),
                        format!("factor is \"{factor}\": no fraction of whole numbers"),
                    )
                    .at_row(table.row_number(row))
                    .in_column("factor", factor.to_string())
                    .with_help("write how many stock units are in one unit, with at most 12 decimals"),
                ),
            }
        }
        faults.into_result().map(|_| units)
    }

    /// How many stock units of `item` one `unit` is; a blank unit is the stock unit.
    ///
    /// # Errors
    /// A fault, to be given its place by the caller, where the item has no such unit.
    pub fn to_stock(&self, item: &str, unit: &str) -> Result<Fraction, Faults> {
        if unit.is_empty() {
            return Ok(Fraction::ONE);
        }
        let known = self.items.get(item).map_or(&[][..], Vec::as_slice);
        match known.iter().find(|(name, _)| name == unit) {
            Some((_, factor)) => Ok(*factor),
            None => Err(self.unknown_unit(item, unit, known)),
        }
    }

    /// How many units `to` one unit `from` of `item` is.
    ///
    /// # Errors
    /// As [`Units::to_stock`]; also where the fraction outgrows 64 bits.
    pub fn between(&self, item: &str, from: &str, to: &str) -> Result<Fraction, Faults> {
        let (from, into) = (self.to_stock(item, from)?, self.to_stock(item, to)?);
        from.times(into.inverse()).ok_or_else(|| {
            let message = format!("the units of item \"{item}\" are too far apart to convert exactly");
            Fault::error(Code::OutOfRange, &self.file, message)
                .with_help("write factors with fewer digits")
                .into()
        })
    }

    fn unknown_unit(&self, item: &str, unit: &str, known: &[(String, Fraction)]) -> Faults {
        let file = if self.file.is_empty() { "units.csv" } else { &self.file };
        let near = near_miss(unit, known.iter().map(|(name, _)| name.as_str()));
        let otherwise = format!("add a row {item},{unit} with its factor to {file}");
        Fault::error(Code::UnknownUnit, file, format!("unit \"{unit}\" of item \"{item}\" is not defined"))
            .in_column("unit", unit)
            .with_help(did_you_mean(near, otherwise))
            .into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_taken_as_written_and_cut_off_fractions_as_meant() {
        assert_eq!(Fraction::of(0.1), Fraction::new(1, 10));
        assert_eq!(Fraction::of(1.0 / 12.0), Fraction::new(1, 12));
        assert_eq!(Fraction::of(2.0 / 3.0), Fraction::new(2, 3));
        assert_eq!(Fraction::of(0.000_001_234_567), Fraction::new(1_234_567, 1_000_000_000_000));
        assert_eq!(Fraction::of(1e9), Fraction::new(1_000_000_000, 1));
        for number in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e13, std::f64::consts::PI] {
            assert_eq!(Fraction::of(number), None, "{number}");
        }
    }

    #[test]
    fn unknown_units_offer_near_misses() {
        let table = Table::new("units")
            .with_text("item", ["a"])
            .with_text("unit", ["case"])
            .with_number("factor", [6.0]);
        let units = Units::from_table(&table).unwrap();
        let text = units.to_stock("a", "caes").unwrap_err().to_string();
        assert_eq!(
            text,
            "units: unit \"caes\" of item \"a\" is not defined [unknown-unit]\n  help: did you mean \"case\"?"
        );
        assert_eq!(units.to_stock("b", "").unwrap(), Fraction::ONE);
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(3), ..Default::default() })]
        #[test]
        fn there_and_back_is_one(numerator in 1_u64..100_000, denominator in 1_u64..10_000, quantity in 1_u32..1_000_000) {
            let number = numerator as f64 / denominator as f64;
            let fraction = Fraction::of(number).unwrap();
            prop_assert_eq!(Some(fraction), Fraction::new(numerator, denominator));
            prop_assert_eq!(fraction.times(fraction.inverse()), Some(Fraction::ONE));
            prop_assert_eq!(fraction.inverse().apply(fraction.apply(f64::from(quantity))), f64::from(quantity));
        }
    }
}
