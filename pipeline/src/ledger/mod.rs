//! The pure core: money, currency, calendar, documents, applications, open items as of a date.
//!
//! Nothing here touches files, the clock or the configuration.

pub mod behaviour;
pub mod book;
pub mod buckets;
pub mod business_days;
pub mod calendar;
pub mod collections;
pub mod contributions;
pub mod currency;
pub mod money;
pub mod outcomes;
pub mod over_application;
pub mod rates;
pub mod scopes;
pub mod settlement;
pub mod timeline;
pub mod totals;
pub mod walk;
