//! The pure core: money, currency, calendar, documents, applications, open items as of a date.
//!
//! Nothing here touches files, the clock or the configuration.

pub mod calendar;
pub mod currency;
pub mod money;
