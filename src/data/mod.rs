//! Tables and their schemas, dates and buckets, and every error that a user's
//! data can cause.
//!
//! The road in: a source (a folder, or tables made in memory) gives
//! [`Tables`] and settings; a schema (one `models/*.toml`) says what must hold
//! of them; every breach becomes a [`Fault`] with file, row, column, value and
//! fix, all of them at once.

pub mod buckets;
pub mod calendar;
mod cell;
pub mod csv;
mod declaration;
mod declare;
pub mod fault;
pub mod instance;
mod kind;
mod ndjson;
mod near;
pub mod recognise;
mod records;
mod relations;
mod rows;
pub mod scaffold;
pub mod schema;
pub mod settings;
pub mod sink;
mod source;
mod store;
mod survey;
pub mod table;
mod time;
pub mod validate;
pub mod write;

pub use buckets::{Bucket, Buckets};
pub use calendar::{OpenDays, Weekdays, review_buckets};
pub use csv::read_csv;
pub use declaration::Declaration;
pub use fault::{Code, Fault, Faults, Severity};
pub use instance::{Instance, read_folder};
pub(crate) use near::did_you_mean;
pub use near::near_miss;
pub use recognise::{Format, Recognised, recognise};
pub use schema::{
    ColumnSchema, ExtraRule, Kind, OutputSchema, Range, RowRule, Schema, SchemaError, SettingSchema,
    TableSchema, Term,
};
pub use settings::{Settings, SettingsValues};
pub use sink::{Output, SinkError, replace_file};
pub use source::read_text;
pub use survey::{Wanted, read_open};
pub use table::{Column, Table, Tables, TextColumn, date_of, day_number};
pub use time::WrittenTime;
pub use validate::{Valid, validate};
pub use write::write_csv;
