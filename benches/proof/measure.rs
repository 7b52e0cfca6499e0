//! Two ways of doing the same, measured in turns, so that what else the machine does hits both. The
//! ratio is the median over the turns; its interval holds the true median with 95 percent.

use std::hint::black_box;
use std::time::Instant;

use cpu_time::ThreadTime;

use crate::Outcome;

/// How many samples are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    Quick,
    Full,
}

impl Effort {
    /// Of a measured thing, so many; or few enough to see that it can be measured.
    pub(crate) fn count(self, things: usize) -> usize {
        match self {
            Self::Quick => things.min(20),
            Self::Full => things,
        }
    }

    /// This many, or the fewest that make a median.
    pub(crate) fn of(self, samples: usize) -> usize {
        match self {
            Self::Quick => samples.min(3),
            Self::Full => samples,
        }
    }
}

/// What one turn took, in seconds or bytes, and the processor's time of this thread in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) value: f64,
    pub(crate) cpu: f64,
}

/// Both sides, turn by turn.
#[derive(Default)]
pub(crate) struct Pair {
    pub(crate) raw: Vec<Sample>,
    pub(crate) token: Vec<Sample>,
}

/// A median, and between what it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Pair {
    /// Runs both in turns, the first of each turn being the other in the next.
    pub(crate) fn of(
        turns: usize,
        mut raw: impl FnMut() -> Outcome<Sample>,
        mut token: impl FnMut() -> Outcome<Sample>,
    ) -> Outcome<Self> {
        let mut this = Self::default();
        // Caches, pages and lazily made things are for neither of them.
        raw()?;
        token()?;
        for turn in 0..turns {
            if turn % 2 == 0 {
                this.raw.push(raw()?);
                this.token.push(token()?);
            } else {
                this.token.push(token()?);
                this.raw.push(raw()?);
            }
        }
        Ok(this)
    }

    pub(crate) fn ratio(&self, of: impl Fn(&Sample) -> f64) -> Ratio {
        let turns = self.raw.iter().zip(&self.token);
        let mut ratios: Vec<f64> = turns.map(|(raw, token)| of(token) / of(raw)).collect();
        ratios.sort_by(f64::total_cmp);
        // The ranks that hold a median: the binomial distribution, in its normal approximation.
        let count = ratios.len() as f64;
        let off = (0.98 * count.sqrt()).ceil();
        let at = |rank: f64| ratios[(rank.max(0.0) as usize).min(ratios.len() - 1)];
        Ratio {
            low: at((count / 2.0).floor() - off),
            median: at((count / 2.0).floor()),
            high: at((count / 2.0).floor() + off),
        }
    }
}

/// The middle one.
pub(crate) fn median(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs it, and divides what it took among `parts`.
pub(crate) fn timed<T>(parts: usize, run: impl FnOnce() -> Outcome<T>) -> Outcome<Sample> {
    let (wall, cpu) = (Instant::now(), ThreadTime::now());
    let made = black_box(run()?);
    let (cpu, wall) = (cpu.elapsed(), wall.elapsed());
    // What is made is dropped by somebody else's clock.
    drop(made);
    let parts = parts as f64;
    Ok(Sample {
        value: wall.as_secs_f64() / parts,
        cpu: cpu.as_secs_f64() / parts,
    })
}
