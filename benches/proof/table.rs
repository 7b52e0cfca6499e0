//! The rows, as a table for people and as JSON.

use std::fmt;
use std::fs;
use std::path::Path;

use comfy_table::presets::ASCII_MARKDOWN;
use serde_json::{Value, json};

use crate::Outcome;
use crate::measure::{Pair, Ratio, Sample, median};

#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Bytes,
    Instructions,
}

pub(crate) struct Row {
    name: String,
    unit: Unit,
    raw: f64,
    token: f64,
    ratio: Ratio,
    cpu: Option<Ratio>,
    target: Option<f64>,
}

impl Row {
    pub(crate) fn of(name: impl Into<String>, unit: Unit, pair: &Pair) -> Self {
        let value = |sample: &Sample| sample.value;
        Self {
            name: name.into(),
            unit,
            raw: median(&pair.raw, value),
            token: median(&pair.token, value),
            ratio: pair.ratio(value),
            cpu: None,
            target: None,
        }
    }

    /// The time of the client's own thread is compared too.
    pub(crate) fn with_cpu(name: impl Into<String>, pair: &Pair) -> Self {
        Self {
            cpu: Some(pair.ratio(|sample| sample.cpu)),
            ..Self::of(name, Unit::Seconds, pair)
        }
    }

    /// The greatest ratio that is good enough.
    pub(crate) fn at_most(self, target: f64) -> Self {
        Self {
            target: Some(target),
            ..self
        }
    }

    /// By the interval of the wall clock's ratio: on neither side of the target, nothing is known.
    fn verdict(&self) -> &'static str {
        match self.target {
            None => "",
            Some(target) if self.ratio.high <= target => "met",
            Some(target) if self.ratio.low > target => "missed",
            Some(_) => "undecided",
        }
    }

    fn cells(&self) -> [String; 7] {
        [
            self.name.clone(),
            self.unit.show(self.raw),
            self.unit.show(self.token),
            shown(self.ratio),
            self.cpu.map_or_else(String::new, shown),
            self.target.map_or_else(String::new, number),
            self.verdict().to_owned(),
        ]
    }

    fn json(&self) -> Value {
        let ratio = |it: Ratio| json!({"low": it.low, "median": it.median, "high": it.high});
        json!({
            "name": self.name,
            "unit": self.unit.name(),
            "raw": self.raw,
            "token": self.token,
            "ratio": ratio(self.ratio),
            "cpu_ratio": self.cpu.map(ratio),
            "target": self.target,
            "verdict": self.verdict(),
        })
    }
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("  {}", row.cells().join("  "));
        self.0.push(row);
    }

    pub(crate) fn save(&self) -> Outcome {
        let rows: Vec<Value> = self.0.iter().map(Row::json).collect();
        let cpus = std::thread::available_parallelism()?.get();
        let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        let all = json!({"system": system, "cpus": cpus, "rows": rows});
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/proof.json");
        fs::write(&path, serde_json::to_vec_pretty(&all)?)?;
        println!("also as JSON: {}", path.display());
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = comfy_table::Table::new();
        table.load_style(ASCII_MARKDOWN).set_header(HEADER);
        table.add_rows(self.0.iter().map(Row::cells));
        table.fmt(f)
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Instructions => "instructions",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds if value < 1e-6 => format!("{:.0} ns", value * 1e9),
            Self::Seconds if value < 1e-3 => format!("{:.1} us", value * 1e6),
            Self::Seconds => format!("{:.2} ms", value * 1e3),
            Self::Bytes if value < 100e3 => format!("{value:.0} B"),
            Self::Bytes => format!("{:.0} kB", value / 1e3),
            Self::Instructions => format!("{:.0} k", value / 1e3),
        }
    }
}

/// Without an interval if it was measured but once.
fn shown(Ratio { low, median, high }: Ratio) -> String {
    match low < high {
        true => format!("{} ({} .. {})", number(median), number(low), number(high)),
        false => number(median),
    }
}

fn number(ratio: f64) -> String {
    match ratio {
        tiny if tiny < 0.1 => format!("1/{:.0}", 1.0 / tiny),
        ratio => format!("{ratio:.3}"),
    }
}

const HEADER: [&str; 7] = [
    "what",
    "raw",
    "token",
    "token / raw",
    "the thread's CPU",
    "target",
    "verdict",
];
