//! What the process holds: memory, descriptors, tasks. A sample now and then makes a curve.

use std::fmt;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// What the process holds at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// In KiB, what the kernel counts as resident: with the pages of the program itself, which come
    /// one by one as they are first used.
    resident: u64,
    /// In KiB, without them: heaps and stacks.
    anonymous: u64,
    threads: u64,
    descriptors: u64,
    /// Of the descriptors.
    sockets: u64,
    tasks: u64,
}

impl Sample {
    pub(crate) fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number.and_then(|it| it.parse().ok()).unwrap_or_default()
        };
        let targets = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
        let targets: Vec<_> = targets
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .collect();
        let sockets = targets
            .iter()
            .filter(|it| it.to_string_lossy().starts_with("socket:"));
        Self {
            resident: field("VmRSS:"),
            anonymous: field("RssAnon:"),
            threads: field("Threads:"),
            descriptors: targets.len() as u64,
            sockets: sockets.count() as u64,
            tasks: Handle::current().metrics().num_alive_tasks() as u64,
        }
    }

    /// Once there are no more descriptors and tasks than then, or after ten seconds: what is dropped
    /// ends a moment later.
    pub(crate) async fn like(before: &Self) -> Self {
        let limit = Instant::now() + Duration::from_secs(10);
        loop {
            let now = Self::now();
            if now.left(before) == (0, 0) || Instant::now() > limit {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Descriptors and tasks that were not there before.
    pub(crate) fn left(&self, before: &Self) -> (u64, u64) {
        let descriptors = self.descriptors.saturating_sub(before.descriptors);
        (descriptors, self.tasks.saturating_sub(before.tasks))
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} KiB resident, {} KiB of them anonymous, {} descriptors, {} of them sockets, \
             {} tasks, {} threads",
            self.resident, self.anonymous, self.descriptors, self.sockets, self.tasks, self.threads
        )
    }
}

/// The samples of a soak.
#[derive(Default)]
pub(crate) struct Curve(Vec<(Duration, u64, Sample)>);

impl Curve {
    pub(crate) fn add(&mut self, at: Duration, attempts: u64, sample: Sample) {
        self.0.push((at, attempts, sample));
    }

    /// As `soak.csv`.
    pub(crate) fn write(&self, folder: &Path) {
        let mut text =
            "seconds,attempts,resident_kib,anonymous_kib,descriptors,sockets,tasks,threads\n"
                .to_owned();
        for (at, attempts, it) in &self.0 {
            writeln!(
                text,
                "{:.1},{attempts},{},{},{},{},{},{}",
                at.as_secs_f64(),
                it.resident,
                it.anonymous,
                it.descriptors,
                it.sockets,
                it.tasks,
                it.threads
            )
            .expect("text");
        }
        std::fs::create_dir_all(folder).expect("a directory");
        std::fs::write(folder.join("soak.csv"), text).expect("written");
    }

    /// Compares the second quarter, when everything has been used once, with the last.
    pub(crate) fn is_flat(&self) {
        let [early, late] = [self.quarter(1), self.quarter(3)];
        println!("median of the second quarter: {early}\nmedian of the last quarter:   {late}");
        let noise = |early: u64, least: u64| early + (early / 10).max(least);
        assert!(
            late.descriptors <= noise(early.descriptors, 10),
            "descriptors grow"
        );
        assert!(late.tasks <= noise(early.tasks, 10), "tasks grow");
        assert!(
            late.anonymous <= noise(early.anonymous, MEMORY),
            "memory grows"
        );
    }

    /// The medians of one of four quarters.
    fn quarter(&self, number: usize) -> Sample {
        let length = self.0.len() / 4;
        let part = &self.0[number * length..(number + 1) * length];
        let median = |of: fn(&Sample) -> u64| {
            let mut values: Vec<_> = part.iter().map(|(_, _, sample)| of(sample)).collect();
            values.sort_unstable();
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        Sample {
            resident: median(|it| it.resident),
            anonymous: median(|it| it.anonymous),
            threads: median(|it| it.threads),
            descriptors: median(|it| it.descriptors),
            sockets: median(|it| it.sockets),
            tasks: median(|it| it.tasks),
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>7} {:>9} {:>9} {:>6} {:>6}",
            "seconds", "attempts", "anon KiB", "fds", "tasks"
        )?;
        let most = self.0.iter().map(|(_, _, it)| it.anonymous).max();
        let most = most.unwrap_or_default().max(1);
        for part in self.0.chunks(self.0.len().div_ceil(LINES).max(1)) {
            let (at, attempts, it) = &part[part.len() / 2];
            let bar = "#".repeat((it.anonymous * 40 / most) as usize);
            writeln!(
                f,
                "{:>7.0} {attempts:>9} {:>9} {:>6} {:>6} {bar}",
                at.as_secs_f64(),
                it.anonymous,
                it.descriptors,
                it.tasks
            )?;
        }
        Ok(())
    }
}

/// Of the curve in print.
const LINES: usize = 24;

/// In KiB. What glibc keeps differs by as much between two quarters of a run in which nothing
/// leaks; docs/soak.md has the figures.
const MEMORY: u64 = 4 * 1024;
