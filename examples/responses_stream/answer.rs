//! The events of an answer, each of which counts once.

use std::cmp::Ordering;
use std::io::{self, Write as _};

use serde::Deserialize;

use crate::error::StreamError;
use crate::shown;

/// As much of it as has been printed.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) id: Option<String>,
    pub(crate) last: Option<u64>,
}

#[derive(Deserialize)]
struct Event {
    sequence_number: u64,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum What {
    #[serde(rename = "response.created")]
    Created { response: Created },
    #[serde(rename = "response.output_text.delta")]
    Text { delta: String },
    #[serde(rename = "response.completed")]
    Completed,
    #[serde(rename = "error")]
    Failed { message: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

impl Answer {
    /// Prints what is new. Whether it was the last. By the `id` of a server-sent event the rest is
    /// asked for, after a WebSocket by the number: they have to be the same.
    pub(crate) fn take(&mut self, event: &str, id: Option<&str>) -> Result<bool, StreamError> {
        let event: Event =
            serde_json::from_str(event).map_err(|it| StreamError::Strange(it.into()))?;
        let number = event.sequence_number;
        if id.is_some_and(|id| id != number.to_string()) {
            return Err(StreamError::Misnamed(number));
        }
        match number.cmp(&self.last.map_or(0, |last| last + 1)) {
            Ordering::Less => return Ok(false),
            Ordering::Greater => return Err(StreamError::Gap(number)),
            Ordering::Equal => self.last = Some(number),
        }
        match event.what {
            What::Created { response } => self.id = Some(response.id),
            What::Text { delta } => {
                print!("{}", shown(&delta));
                // Who does not listen any more is found by the next `print!`.
                io::stdout().flush().ok();
            }
            What::Completed => return Ok(true),
            What::Failed { message } => return Err(StreamError::Failed(message)),
            What::Other => {}
        }
        Ok(false)
    }
}
