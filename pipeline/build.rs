//! Embeds the SQL twins in the program, in the order of `sql/order.txt`: `arrears check --parity` needs no checkout.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql");
    let list = sql.join("order.txt");
    println!("cargo::rerun-if-changed={}", list.display());
    println!("cargo::rerun-if-changed=build.rs");
    let text = std::fs::read_to_string(&list).expect("sql/order.txt can be read");
    let mut lines = String::from("&[\n");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let embedded = |folder: &str| format!("include_str!({:?})", sql.join(folder).join(format!("{}.sql", words[1])));
        let _ = match words[0] {
            "input" => writeln!(lines, "Line::Input({:?}),", words[1]),
            "step" => writeln!(lines, "Line::Step({:?}, {}),", words[1], embedded("steps")),
            "drop" => writeln!(lines, "Line::Drop({:?}),", words[1]),
            "mart" | "night" => writeln!(lines, "Line::Mart({:?}, &{:?}, {}),", words[1], &words[2..], embedded("marts")),
            other => panic!("sql/order.txt: a line begins with input, step, drop, mart or night, not with {other}"),
        };
    }
    lines.push(']');
    let out = std::env::var("OUT_DIR").expect("cargo says where to");
    std::fs::write(Path::new(&out).join("twins.rs"), lines).expect("the output folder can be written");
}
