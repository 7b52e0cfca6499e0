//! RFC 6455, frame by frame: what a server sends over `wss`, what the program is told of it, and what
//! the server hears. In the families of the Autobahn test suite, which `autobahn.rs` runs itself where
//! it can be had. `UPDATE_EXPECT=1` writes the list of rows anew.

mod closing;
mod data;
mod heads;
mod limits;
mod row;
mod text;

use std::collections::HashSet;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use row::{Client, Row};
use tokio::time::timeout;
use trusted_transport::ws::{CloseCode, CloseFrame, Error, Message};
use trusted_transport::{ProxyPolicy, TransportBuilder, TrustedTransport};
use trusted_transport_lab::{Authority, Conversation, Framed, Proxy};

use crate::support::{HOST, trusting};

#[tokio::test]
async fn every_frame_is_taken_as_the_standard_says() {
    let authority = Authority::root("Root");
    let proxy = Proxy::http().start().await.expect("a proxy");
    let through = ProxyPolicy::all(proxy.url("http"));
    let tokens = [
        token(trusting(&[&authority])),
        token(trusting(&[&authority]).proxy(through)),
    ];
    let rows: Vec<Row> = [
        data::rows,
        heads::rows,
        text::rows,
        closing::rows,
        limits::rows,
    ]
    .into_iter()
    .flat_map(|rows| rows())
    .collect();
    let tried = rows.iter().map(|row| tried(row, &authority, &tokens));
    let faults: Vec<_> = stream::iter(tried)
        .buffer_unordered(AT_ONCE)
        .filter_map(|fault| async { fault })
        .collect()
        .await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(proxy.seen().len(), rows.len());

    let mut table = String::new();
    for row in &rows {
        writeln!(table, "{row}").expect("text");
    }
    expect_test::expect_file!["conformance/rows.txt"].assert_eq(&table);
}

fn token(builder: TransportBuilder) -> TrustedTransport {
    let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
    let token = builder.resolve(HOST, [anywhere]).build();
    token.expect("a token")
}

/// Directly, and in a tunnel.
async fn tried(row: &Row, authority: &Authority, tokens: &[TrustedTransport; 2]) -> Option<String> {
    let server = Framed::start(authority.issue(&[HOST]), row.says.clone()).await;
    let server = server.expect("a server");
    let url = server.url("wss", HOST, "/");
    for (count, token) in (1..).zip(tokens) {
        let outcome = timeout(LONGEST, talk(row, token, &url)).await;
        let Ok(outcome) = outcome else {
            return Some(format!("{row}: it hangs"));
        };
        let told = outcome.as_ref().map_err(|error| error.to_string());
        if !row.wants.is(&outcome) {
            return Some(format!("{row}: the program is told {told:?}"));
        }
        let mut conversations = server.conversations_after(count).await;
        let Some(conversation) = conversations
            .pop()
            .filter(|_| conversations.len() + 1 == count)
        else {
            return Some(format!("{row}: the server has heard nothing"));
        };
        if let Some(fault) = misheard(row, &conversation) {
            return Some(format!("{row}: {fault}"));
        }
    }
    None
}

/// As the client of the row does; the last Close frame that it is told of, or the error.
async fn talk(row: &Row, token: &TrustedTransport, url: &str) -> Result<Option<CloseFrame>, Error> {
    let socket = token.websocket(url).config(row.config);
    let (mut socket, _) = socket.await.expect("a socket");
    if let Client::Closes(code, reason) = &row.client {
        let (code, reason) = (CloseCode::from(*code), (*reason).into());
        socket.close(Some(CloseFrame { code, reason })).await?;
    }
    let mut told = None;
    while let Some(message) = socket.next().await {
        match message? {
            message @ (Message::Text(_) | Message::Binary(_)) if row.client == Client::Echoes => {
                socket.send(message).await?;
            }
            Message::Close(frame) => told = frame,
            _ => {}
        }
    }
    Ok(told)
}

/// What of it is not as the row wants it.
fn misheard(row: &Row, conversation: &Conversation) -> Option<String> {
    let Conversation { frames, .. } = conversation;
    let masks: Option<Vec<_>> = frames.iter().map(|frame| frame.mask).collect();
    let Some(masks) = masks else {
        return Some("a frame of the client is not masked (5.3)".to_owned());
    };
    // Of a hundred, two are alike by chance once in a million times.
    if masks.iter().collect::<HashSet<_>>().len() != masks.len() {
        return Some(format!("masks are used again (5.3): {masks:?}"));
    }
    let mut heard = frames.clone();
    heard.iter_mut().for_each(|frame| frame.mask = None);
    let wanted = row.heard();
    (heard != wanted).then(|| format!("the server hears {heard:?} and not {wanted:?}"))
}

/// Rows under way.
const AT_ONCE: usize = 8;

const LONGEST: Duration = Duration::from_secs(20);
