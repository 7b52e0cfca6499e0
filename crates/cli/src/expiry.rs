//! The end of a certificate's validity, as a date and in words.

use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::output::Text;

/// `2036-11-20, in 9 years`; odd if that is past, or less than a month away.
pub(crate) fn text(not_after: &str, today: Date) -> Text {
    let Ok(end) = OffsetDateTime::parse(not_after, &Rfc3339) else {
        // The library says so where it cannot read the date.
        return Text::odd(not_after);
    };
    let end = end.date();
    let text = format!("{end}, {}", words(end, today));
    match (end - today).whole_days() {
        ..=SOON => Text::odd(text),
        _ => text.into(),
    }
}

/// All dates of the reports are in UTC.
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

/// How far away it is, in whole days, months or years.
fn words(date: Date, today: Date) -> String {
    let days = (date - today).whole_days();
    let distance = match days {
        -1 => return "yesterday".to_owned(),
        0 => return "today".to_owned(),
        1 => return "tomorrow".to_owned(),
        -59..60 => format!("{} days", days.abs()),
        _ => match months(date.min(today), date.max(today)) {
            1 => "1 month".to_owned(),
            months @ ..24 => format!("{months} months"),
            months => format!("{} years", months / 12),
        },
    };
    match days {
        ..0 => format!("{distance} ago"),
        _ => format!("in {distance}"),
    }
}

/// A month is over on the same day of the next one.
fn months(from: Date, to: Date) -> i32 {
    let number = |date: Date| 12 * date.year() + i32::from(u8::from(date.month()));
    number(to) - number(from) - i32::from(to.day() < from.day())
}

/// In days.
const SOON: i64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    type Result<T = ()> = std::result::Result<T, time::error::Parse>;

    fn date(date: &str) -> Result<Date> {
        Ok(OffsetDateTime::parse(&format!("{date}T00:00:00Z"), &Rfc3339)?.date())
    }

    #[test]
    fn distances_in_words() -> Result {
        for (end, words) in [
            ("2026-11-22", "today"),
            ("2026-11-23", "tomorrow"),
            ("2026-11-21", "yesterday"),
            ("2026-11-24", "in 2 days"),
            ("2026-11-20", "2 days ago"),
            ("2026-12-04", "in 12 days"),
            ("2027-01-20", "in 59 days"),
            ("2026-09-24", "59 days ago"),
            ("2027-01-21", "in 1 month"),
            ("2027-01-22", "in 2 months"),
            ("2026-09-23", "1 month ago"),
            ("2026-09-22", "2 months ago"),
            ("2027-11-21", "in 11 months"),
            ("2027-11-22", "in 12 months"),
            ("2028-11-21", "in 23 months"),
            ("2024-11-23", "23 months ago"),
            ("2028-11-22", "in 2 years"),
            ("2024-11-22", "2 years ago"),
            ("2036-11-20", "in 9 years"),
            ("2036-11-22", "in 10 years"),
            ("2020-01-01", "6 years ago"),
            ("9999-12-31", "in 7973 years"),
            ("0000-01-01", "2026 years ago"),
        ] {
            assert_eq!(super::words(date(end)?, date(TODAY)?), words, "{end}");
        }
        Ok(())
    }

    #[test]
    fn from_the_last_day_of_a_month() -> Result {
        for (end, words) in [
            ("2027-03-30", "in 58 days"),
            ("2027-04-01", "in 2 months"),
            ("2028-02-29", "in 12 months"),
        ] {
            let today = if end < "2028" {
                "2027-01-31"
            } else {
                "2027-02-28"
            };
            assert_eq!(super::words(date(end)?, date(today)?), words, "{end}");
        }
        Ok(())
    }

    #[test]
    fn what_is_past_or_near_is_odd() -> Result {
        for (end, expected) in [
            ("2020-01-01T00:00:00Z", Text::odd("2020-01-01, 6 years ago")),
            ("2026-11-22T23:59:59Z", Text::odd("2026-11-22, today")),
            ("2026-12-22T12:00:00Z", Text::odd("2026-12-22, in 30 days")),
            ("2026-12-23T00:00:00Z", "2026-12-23, in 31 days".into()),
            ("(unreadable)", Text::odd("(unreadable)")),
        ] {
            assert_eq!(text(end, date(TODAY)?), expected, "{end}");
        }
        Ok(())
    }

    const TODAY: &str = "2026-11-22";
}
