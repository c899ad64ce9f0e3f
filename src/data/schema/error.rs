//! What can be wrong with the text of a contract.

/// Why a `models/NAME.toml` cannot be used: a defect of the program, not of a user's data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SchemaError {
    /// Two things have one name.
    #[error("{name} is defined twice in {place}")]
    Duplicate {
        /// Where.
        place: String,
        /// The name.
        name: String,
    },
    /// The text is not TOML of the form that the module's documentation shows.
    #[error("{text}")]
    Form {
        /// The parser's words, with line and column.
        text: String,
    },
    /// A type and what is said of it do not fit.
    #[error("{name}: {reason}")]
    Misfit {
        /// The column or setting.
        name: String,
        /// What does not fit.
        reason: &'static str,
    },
    /// Something is named that the schema does not define.
    #[error("{user} names {name}, which the schema does not define")]
    Undefined {
        /// Who names it.
        user: String,
        /// What is missing.
        name: String,
    },
}
