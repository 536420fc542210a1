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

/// The other commands of the program that the README shows, as a shell reads them, and the output it shows below each.
fn further_commands(readme: &str) -> Vec<(String, String)> {
    let blocks = readme.split("$ cargo run --release --locked -- ").skip(2);
    let shown = blocks.map(|block| block.split("```").next().expect("the block ends"));
    shown
        .map(|block| {
            // A command goes on while a quotation is open.
            let mut end = 0;
            for line in block.split_inclusive('\n') {
                end += line.len();
                if block[..end].matches('"').count() % 2 == 0 {
                    break;
                }
            }
            (block[..end].trim_end().to_owned(), block[end..].to_owned())
        })
        .collect()
}

#[test]
fn the_further_commands_print_what_the_readme_shows() {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("there is a README");
    let has_engine = end_of(std::process::Command::new("sh").args(["-c", "duckdb --version || python3 -c 'import duckdb'"])).status == 0;
    if !has_engine {
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "ARREARS_REQUIRE_PARITY is set, and there is no DuckDB");
        support::skipped("the further commands of the README: there is no DuckDB (pip install -r tests/requirements.txt)");
        return;
    }
    let place = Place::empty();
    copy_folder(&repository().join("data-samples/corner-shop"), &place.path().join("data-samples/corner-shop"));
    let _ = std::fs::remove_dir_all(place.path().join("data-samples/corner-shop/out"));
    copy_folder(&repository().join("sql"), &place.path().join("sql"));
    end_of(program().args(main_command().0).current_dir(place.path())).expect(0);
    let commands = further_commands(&readme);
    assert!(commands.len() >= 3, "the README shows how to ask: {commands:?}");
    for (command, shown) in commands {
        let program = program();
        let line = format!("'{}' {command}", program.get_program().to_string_lossy());
        let ended = end_of(std::process::Command::new("sh").args(["-c", &line]).current_dir(place.path())).expect(0);
        assert_eq!(ended.stdout, shown, "{command}");
    }
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
