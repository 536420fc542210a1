//! The notebooks read a freshly published night, and what they print and draw is what is kept in them. Without the Python
//! modules of `tests/requirements.txt` the test says that it is skipped, unless `ARREARS_REQUIRE_PARITY` is set: then it fails.

mod support;

use std::process::Command;
use support::{Place, end_of, repository, skipped, told};

#[test]
fn every_notebook_shows_what_a_fresh_night_gives() {
    let modules = "import duckdb, ipykernel, matplotlib, nbclient";
    let found = Command::new("python3").args(["-c", modules]).output().is_ok_and(|output| output.status.success());
    if !found {
        let what = "the notebooks: python3 lacks a module (pip install -r tests/requirements.txt)";
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "{what}, and ARREARS_REQUIRE_PARITY is set");
        skipped(what);
        return;
    }
    let place = Place::copy_of("data-samples/mid-size");
    place.run("2024-12-31").expect(0);
    let mut python = Command::new("python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(repository().join("tests/notebooks.py")).arg("--output").arg(place.out());
    let ended = end_of(&mut python).expect(0);
    told(ended.stdout.trim_end());
    assert!(ended.stdout.contains("first_look.ipynb: ") && ended.stdout.contains(" 12 pictures: as kept"), "{}", ended.stdout);
}
