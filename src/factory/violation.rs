//! What a WebSocket's peer can do wrong: the limits that it is held to, and what it is told when it
//! breaks them or the protocol.

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// A frame cannot be larger than its message may be. tungstenite looks at that when it has all of
/// it, and reserves what the head of the frame announces: up to 2^64 octets, where there is no limit
/// for frames.
pub(crate) fn bounded(config: WebSocketConfig) -> WebSocketConfig {
    let frame = match (config.max_frame_size, config.max_message_size) {
        (frame, None) => frame,
        (frame, Some(message)) => {
            let message = message.max(CONTROL_FRAME);
            Some(frame.unwrap_or(message).min(message))
        }
    };
    config.max_frame_size(frame)
}

/// The status code for what a peer did wrong (RFC 6455, 7.4.1).
pub(crate) fn status_code(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Capacity(_) => Some(CloseCode::Size),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(CloseCode::Protocol),
        _ => None,
    }
}

/// The most that a Ping, a Pong or a Close frame holds (RFC 6455, 5.5). They are no messages.
const CONTROL_FRAME: usize = 125;
