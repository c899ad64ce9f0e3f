//! Faults of the input and warnings of a plan, as notices for a person.

use crate::data::{Fault, Faults, Severity};
use crate::presentation::{Block, Notice, Section, Severity as Weight};

/// The warnings, then the faults with their places; each weighs what it weighs in the data.
#[must_use]
pub(crate) fn notices(faults: &Faults, warnings: &[String]) -> Vec<Notice> {
    let warnings = warnings.iter().map(|text| Notice::new(Weight::Warning, text));
    warnings.chain(faults.as_slice().iter().map(notice)).collect()
}

/// The same as a section of a report; `None` where there is nothing to tell.
#[must_use]
pub(crate) fn notices_section(faults: &Faults, warnings: &[String]) -> Option<Section> {
    let notices = notices(faults, warnings);
    let block = Block::Notices { title: String::new(), notices };
    (!faults.is_empty() || !warnings.is_empty()).then(|| Section::new("Notices").with(block))
}

fn notice(fault: &Fault) -> Notice {
    let weight = match fault.severity {
        Severity::Notice => Weight::Info,
        Severity::Warning => Weight::Warning,
        Severity::Error => Weight::Error,
    };
    let place = fault.row.map_or_else(|| fault.file.clone(), |row| format!("{}:{row}", fault.file));
    Notice::new(weight, fault.message.clone()).at(place).with_code(fault.code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Code;

    #[test]
    fn every_fault_keeps_its_weight_and_its_place() {
        let of = |severity: Severity| Fault::error(Code::Repaired, "sales", "said").with_severity(severity);
        let mut faults = Faults::default();
        faults.push(of(Severity::Notice));
        faults.push(of(Severity::Warning).at_row(7));
        faults.push(of(Severity::Error));
        let told = notices(&faults, &["late".to_owned()]);
        let weights: Vec<Weight> = told.iter().map(|notice| notice.severity).collect();
        assert_eq!(weights, [Weight::Warning, Weight::Info, Weight::Warning, Weight::Error]);
        assert_eq!((told[0].text.as_str(), told[0].place.as_str()), ("late", ""));
        assert_eq!((told[1].place.as_str(), told[2].place.as_str()), ("sales", "sales:7"));
        assert!(notices_section(&Faults::default(), &[]).is_none());
        assert!(notices_section(&Faults::default(), &["late".to_owned()]).is_some());
    }
}
