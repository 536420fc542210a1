//! `arrears config show`: every value and where it came from.

use super::load_config;
use crate::cli::ConfigCommand;
use crate::error::Result;

pub(super) fn run(command: &ConfigCommand) -> Result<()> {
    let ConfigCommand::Show(arguments) = command;
    print!("{}", load_config(arguments)?.show());
    Ok(())
}
