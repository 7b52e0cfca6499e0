//! More of what a server does instead of a TLS handshake: the alerts one by one, protocols that
//! speak first, and floods.

use super::{alert, answer};
use crate::script::Step;

catalogue! {
    /// What comes in answer to a ClientHello, or in place of one.
    pub enum HelloFault;

    /// Speaks first, and speaks SMTP.
    Smtp = "smtp",
    /// Speaks first, and speaks FTP.
    Ftp = "ftp",
    /// Speaks first, and speaks the protocol of MySQL.
    Mysql = "mysql",
    /// Speaks HTTP/2 without TLS.
    Http2 = "http2-in-clear",
    /// Says farewell: the alert `close_notify`.
    CloseNotify = "alert-close-notify",
    /// The alert `unexpected_message`.
    UnexpectedMessage = "alert-unexpected-message",
    /// The alert `bad_record_mac`.
    BadRecordMac = "alert-bad-record-mac",
    /// The alert `illegal_parameter`.
    IllegalParameter = "alert-illegal-parameter",
    /// The alert `access_denied`.
    AccessDenied = "alert-access-denied",
    /// The alert `decode_error`.
    DecodeError = "alert-decode-error",
    /// The alert `insufficient_security`.
    InsufficientSecurity = "alert-insufficient-security",
    /// The alert `inappropriate_fallback`.
    InappropriateFallback = "alert-inappropriate-fallback",
    /// The alert `user_canceled`.
    UserCanceled = "alert-user-canceled",
    /// The alert `missing_extension`.
    MissingExtension = "alert-missing-extension",
    /// The alert `no_application_protocol`.
    NoApplicationProtocol = "alert-no-application-protocol",
    /// An alert that no standard knows.
    UnknownAlert = "alert-unknown",
    /// Warns without end.
    EndlessWarnings = "endless-warnings",
    /// Sends records without content, without end.
    EmptyRecords = "endless-empty-records",
    /// Changes the cipher without end.
    EndlessCipherChanges = "endless-cipher-changes",
    /// Announces a message of 16 MiB, and sends it without end.
    EndlessMessage = "endless-message",
    /// Announces a record that is larger than any can be.
    LongRecord = "record-too-long",
    /// Agrees on an application protocol that was not offered.
    ForeignProtocol = "alpn-not-offered",
    /// Agrees on a cipher suite that was not offered.
    ForeignSuite = "suite-not-offered",
}

impl HelloFault {
    /// The script.
    pub fn steps(self) -> Vec<Step> {
        match self {
            Self::Smtp => banner("220 mail.test ESMTP ready\r\n"),
            Self::Ftp => banner("220 FTP server ready.\r\n"),
            Self::Mysql => banner(MYSQL),
            Self::Http2 => answer(HTTP2_SETTINGS),
            Self::CloseNotify => answer([21, 3, 3, 0, 2, 1, 0]),
            Self::UnexpectedMessage => answer(alert(10)),
            Self::BadRecordMac => answer(alert(20)),
            Self::IllegalParameter => answer(alert(47)),
            Self::AccessDenied => answer(alert(49)),
            Self::DecodeError => answer(alert(50)),
            Self::InsufficientSecurity => answer(alert(71)),
            Self::InappropriateFallback => answer(alert(86)),
            Self::UserCanceled => answer(alert(90)),
            Self::MissingExtension => answer(alert(109)),
            Self::NoApplicationProtocol => answer(alert(120)),
            Self::UnknownAlert => answer(alert(200)),
            Self::EndlessWarnings => flood(&[21, 3, 3, 0, 2, 1, 112]),
            Self::EmptyRecords => flood(&[22, 3, 3, 0, 0]),
            Self::EndlessCipherChanges => flood(&[20, 3, 3, 0, 1, 1]),
            Self::EndlessMessage => {
                let mut steps = vec![Step::Hear, Step::say(ENDLESS_MESSAGE)];
                let record = [&[22, 3, 3, 0x40, 0][..], &[0; 0x4000]].concat();
                steps.push(Step::Flood(record));
                steps
            }
            Self::LongRecord => answer([22, 3, 3, 0xff, 0xff, 2, 0, 0, 70]),
            Self::ForeignProtocol => answer(server_hello(SUITE, ALPN)),
            Self::ForeignSuite => answer(server_hello([0, 0x05], &[])),
        }
    }
}

/// The client may have spoken meanwhile: unread, that would make a reset of the end.
fn banner(text: impl AsRef<[u8]>) -> Vec<Step> {
    vec![Step::say(text), Step::Hear, Step::Close]
}

fn flood(record: &[u8]) -> Vec<Step> {
    vec![Step::Hear, Step::Flood(record.to_vec())]
}

/// Of TLS 1.2, without a session.
fn server_hello(suite: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend_from_slice(&[0x5a; 32]);
    body.extend_from_slice(&[0, suite[0], suite[1], 0]);
    let length = u16::try_from(extensions.len()).unwrap_or_default();
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(extensions);
    let length = u8::try_from(body.len()).unwrap_or_default();
    let mut record = vec![22, 3, 3, 0, length + 4, 2, 0, 0, length];
    record.extend_from_slice(&body);
    record
}

const HTTP2_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const MYSQL: &[u8] = b"\x2e\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0";
/// The first record of a certificate message that is to be 16 MiB long.
const ENDLESS_MESSAGE: [u8; 9] = [22, 3, 3, 0, 4, 11, 0xff, 0xff, 0xff];
/// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`.
const SUITE: [u8; 2] = [0xc0, 0x2b];
/// The extension with one protocol: `nope`.
const ALPN: &[u8] = b"\0\x10\0\x07\0\x05\x04nope";
