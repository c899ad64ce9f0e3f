//! Numbers in JSON: one that is not known (NaN, infinite) is `null`, a whole
//! one has no decimal point.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serializer};

/// Largest whole number that is written without a point; beyond it doubles skip integers.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// One number as serde sees it.
struct Written(f64);

impl serde::Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

/// Writes one number.
pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if !value.is_finite() {
        serializer.serialize_none()
    } else if value.fract() == 0.0 && value.abs() < LARGEST_WHOLE {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

/// Reads one number.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// Lists of numbers.
pub(super) mod list {
    use super::{Deserialize, Deserializer, SerializeSeq, Serializer, Written};

    /// Writes a list.
    pub(crate) fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(values.len()))?;
        for &value in values {
            list.serialize_element(&Written(value))?;
        }
        list.end()
    }

    /// Reads a list.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let values = Vec::<Option<f64>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }
}
