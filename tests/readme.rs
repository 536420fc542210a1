//! The commands that the README shows do what it shows.

mod support;

use support::{Place, copy_folder, end_of, program, repository};

/// The command after `$ cargo run --release --locked -- ` and the output that the README shows below it.
fn main_command() -> (Vec<String>, String) {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("there is a README");
    let shown = readme.split("$ cargo run --release --locked -- ").nth(1).expect("the README shows the main command");
    let (command, rest) = shown.split_once('\n').expect("the command ends its line");
    let output = rest.split("```").next().expect("the block ends");
    (command.split_whitespace().map(str::to_owned).collect(), output.to_owned())
}

#[test]
fn the_main_command_prints_what_the_readme_shows() {
    let (command, shown) = main_command();
    let place = Place::empty();
    copy_folder(&repository().join("data-samples/corner-shop"), &place.path().join("data-samples/corner-shop"));
    let _ = std::fs::remove_dir_all(place.path().join("data-samples/corner-shop/out"));
    let ended = end_of(program().args(command).current_dir(place.path())).expect(0);
    assert_eq!(format!("{}{}", ended.stderr, ended.stdout), shown);
}

#[test]
fn every_command_the_readme_lists_exists() {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("there is a README");
    let help = end_of(program().arg("--help")).expect(0).stdout;
    let listed: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("| `arrears ")?.split([' ', '`']).next()).collect();
    assert!(listed.len() >= 6, "the README lists the commands: {listed:?}");
    for command in listed {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not a command:\n{help}");
    }
}

#[test]
fn the_example_configurations_are_valid() {
    let folder = repository().join("data-samples/examples");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).expect("there are examples") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            end_of(program().args(["config", "show", "--config"]).arg(&path)).expect(0);
            checked += 1;
        }
    }
    assert!(checked >= 2, "only {checked} examples");
}
