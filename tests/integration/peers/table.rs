//! The rows that the other tests have left, as one table: printed, written as JSON, and compared
//! with the one in `docs/peers.md`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use expect_test::expect_file;

use super::process::installed;
use super::row::Row;

/// `.ci/peers` runs this after the others.
#[test]
#[ignore = "needs what the other tests of the peers leave; .ci/peers runs it"]
fn the_page_has_what_was_seen() {
    let rows = Row::all();
    let json: Vec<_> = rows.iter().map(Row::json).collect();
    let json = serde_json::to_string_pretty(&json).expect("text");
    let path = installed("../peers.json");
    fs::write(&path, json + "\n").expect("written");
    let table = table(&rows);
    println!("{table}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/peers.md");
    let page = fs::read_to_string(path).expect("a page");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    // Versions are others on other machines.
    if update || lasting(&page) != lasting(&table) {
        expect_file!["../../../docs/peers.md"].assert_eq(&with_table(&page, &table));
    }
}

/// The lines of the table without the versions.
fn lasting(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(BEGIN));
    let lines = lines.take_while(|line| line.starts_with('|'));
    lines.map(without_version).collect()
}

/// The page with this table in the place of its own.
fn with_table(page: &str, table: &str) -> String {
    let (before, rest) = page.split_once(BEGIN).expect("the page has a table");
    let (_, after) = rest.split_once("\n\n").expect("the table ends");
    format!("{before}{table}\n{after}")
}

fn table(rows: &[Row]) -> String {
    let mut table = HEAD.to_owned();
    for Row {
        peer,
        setup,
        version,
        ends,
    } in rows
    {
        let ends = ends.join(" | ");
        writeln!(table, "| {peer} | {version} | {setup} | {ends} |").expect("text");
    }
    table
}

fn without_version(line: &str) -> String {
    let mut cells: Vec<_> = line.split(" | ").collect();
    if cells.len() > 1 {
        cells.remove(1);
    }
    cells.join(" | ")
}

const BEGIN: &str = "| peer |";
const HEAD: &str = "\
| peer | version | setup | HTTPS, right bundle | WSS, right bundle | HTTPS, wrong bundle | WSS, wrong bundle |
|---|---|---|---|---|---|---|
";
