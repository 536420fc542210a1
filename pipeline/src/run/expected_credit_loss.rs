//! The step of a night that provides for what will not be paid.

use super::compute::Computed;
use super::session::Session;
use crate::config::Config;
use crate::error::Result;
use crate::marts::expected_credit_loss::{Reserves, expected_credit_loss};
use crate::marts::frame::Sink as _;
use crate::publish::night::StagedNight;

/// Writes the provision matrix and the test of last year's. `further` are reserves for single customers beside those of the
/// configuration.
///
/// # Errors
/// When the configuration names a customer that nobody is, a sum is out of range, or the disk is full.
pub fn write_expected_credit_loss(
    config: &Config,
    computed: &Computed,
    further: &Reserves,
    night: &mut StagedNight,
    session: &mut Session,
) -> Result<()> {
    let tables = expected_credit_loss(config, &computed.loaded.book, &computed.buckets, computed.as_of, further)?;
    night.write("expected_credit_loss", &tables.matrix)?;
    night.write("expected_credit_loss_backtest", &tables.backtest)?;
    session.step("expected_credit_loss");
    Ok(())
}
