//! `arrears presets`: what can be read without describing it, and how each is read.

use crate::cli::PresetsArguments;
use crate::config::presets::{all, named};
use crate::error::{Error, Result};

pub(super) fn run(arguments: &PresetsArguments) -> Result<()> {
    let Some(name) = &arguments.name else {
        for preset in all() {
            println!("{:<32}{}: {}", preset.name, preset.system, preset.title);
        }
        return Ok(());
    };
    let preset = named(name).ok_or_else(|| {
        let nearest = crate::near::nearest(name, all().iter().map(|preset| preset.name));
        let hint = nearest.first().map_or_else(|| "`arrears presets` lists them".to_owned(), |near| format!("did you mean {near}?"));
        Error::usage("unknown_preset", format!("there is no such preset: {name}")).hint(hint)
    })?;
    print!("{}", preset.text);
    Ok(())
}
