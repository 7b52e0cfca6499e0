//! How a server answers an upgrade that it does not, or not rightly, grant (RFC 6455, 4.2.2).

use crate::script::Step;

catalogue! {
    /// How a server answers the upgrade to a WebSocket.
    pub enum UpgradeFault;

    /// 200: a page.
    Ok = "answers-200",
    /// 302: to a login page.
    Found = "answers-302",
    /// 400.
    BadRequest = "answers-400",
    /// 401: who is there?
    Unauthorized = "answers-401",
    /// 403.
    Forbidden = "answers-403",
    /// 404.
    NotFound = "answers-404",
    /// 407, which a server has no right to.
    ProxyAuthentication = "answers-407",
    /// 426: in another version.
    UpgradeRequired = "answers-426",
    /// 429: later.
    TooMany = "answers-429",
    /// 500.
    Internal = "answers-500",
    /// 503.
    Unavailable = "answers-503",
    /// 101, and the answer to another key.
    BadAccept = "accept-wrong",
    /// 101, and no answer to the key.
    NoAccept = "accept-missing",
    /// 101, to another protocol.
    OtherUpgrade = "upgrade-wrong",
    /// 101, and not to what.
    NoUpgrade = "upgrade-missing",
    /// 101, without a `Connection` header.
    NoConnection = "connection-missing",
    /// 101, and HTTP/1.0.
    Http10 = "http-1.0",
    /// 101, with a subprotocol that was not asked for.
    Subprotocol = "subprotocol-not-asked-for",
    /// 101, with an extension that was not asked for.
    Extension = "extension-not-asked-for",
    /// 101, and the connection is reset behind it.
    SwitchThenReset = "reset-behind-101",
    /// 101 as it should be, and a message in the same breath. Legal.
    EarlyMessage = "message-with-101",
    /// 101 as it should be, a byte at a time. Legal, and yet tungstenite takes so many small pieces
    /// for an attack, if the system passes them on as they are.
    ByteByByte = "101-byte-by-byte",
    /// 101 as it should be, with `Connection: keep-alive, Upgrade`. Legal, and yet tungstenite wants
    /// the one word only.
    ConnectionList = "connection-with-two-words",
    /// 101 as it should be, in 16 KiB of headers. Legal.
    LargeHead = "101-with-large-head",
}

impl UpgradeFault {
    /// Whether the client has to have an open WebSocket.
    pub fn is_legal(self) -> bool {
        matches!(self, Self::EarlyMessage | Self::LargeHead)
    }

    /// The script, behind the TLS handshake. Where the upgrade stands in the end, the server closes
    /// it.
    pub fn steps(self) -> Vec<Step> {
        let switched = |headers: &'static str, then: &[u8]| {
            let switch = Step::switch(headers);
            vec![Step::Hear, switch, Step::say(then), Step::Hear, Step::Close]
        };
        match self {
            Self::Ok => page("200 OK", ""),
            Self::Found => page("302 Found", "Location: https://login.test/\r\n"),
            Self::BadRequest => page("400 Bad Request", ""),
            Self::Unauthorized => page("401 Unauthorized", "WWW-Authenticate: Bearer\r\n"),
            Self::Forbidden => page("403 Forbidden", ""),
            Self::NotFound => page("404 Not Found", ""),
            Self::ProxyAuthentication => page("407 Proxy Authentication Required", ""),
            Self::UpgradeRequired => page("426 Upgrade Required", "Sec-WebSocket-Version: 8\r\n"),
            Self::TooMany => page("429 Too Many Requests", "Retry-After: 1\r\n"),
            Self::Internal => page("500 Internal Server Error", ""),
            Self::Unavailable => page("503 Service Unavailable", ""),
            Self::BadAccept => head(UPGRADE, CONNECTION, "Sec-WebSocket-Accept: AAAA\r\n"),
            Self::NoAccept => head(UPGRADE, CONNECTION, ""),
            Self::OtherUpgrade => head("Upgrade: h2c\r\n", CONNECTION, ""),
            Self::NoUpgrade => head("", CONNECTION, ""),
            Self::NoConnection => head(UPGRADE, "", ""),
            Self::Http10 => {
                let head = format!("HTTP/1.0 101 Switching Protocols\r\n{UPGRADE}{CONNECTION}\r\n");
                vec![Step::Hear, Step::say(head), Step::Close]
            }
            Self::Subprotocol => switched("Sec-WebSocket-Protocol: soap\r\n", CLOSE),
            Self::Extension => switched("Sec-WebSocket-Extensions: permessage-deflate\r\n", CLOSE),
            Self::SwitchThenReset => vec![Step::Hear, Step::switch(""), Step::Reset],
            Self::ByteByByte => granted("Upgrade", true),
            Self::ConnectionList => granted("keep-alive, Upgrade", false),
            Self::EarlyMessage => switched("", EARLY),
            Self::LargeHead => switched(LARGE, CLOSE),
        }
    }
}

fn granted(connection: &'static str, slowly: bool) -> Vec<Step> {
    let switch = Step::Switch {
        connection,
        headers: "",
        slowly,
    };
    vec![
        Step::Hear,
        switch,
        Step::say(CLOSE),
        Step::Hear,
        Step::Close,
    ]
}

fn page(status: &str, headers: &str) -> Vec<Step> {
    let page = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 5\r\n\r\nhello");
    vec![Step::Hear, Step::say(page), Step::Close]
}

fn head(upgrade: &str, connection: &str, accept: &str) -> Vec<Step> {
    let head = format!("HTTP/1.1 101 Switching Protocols\r\n{upgrade}{connection}{accept}\r\n");
    vec![Step::Hear, Step::say(head), Step::Close]
}

const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";
/// A message, and a close frame.
const EARLY: &[u8] = b"\x81\x05hello\x88\x02\x03\xe8";
const CLOSE: &[u8] = b"\x88\x02\x03\xe8";
/// 40 lines of 400 bytes.
const LARGE: &str = include_str!("large_head.txt");
