//! Functions that would make a stage without the one before: an inherent one, if there were one,
//! would be chosen before the one that is declared here, and be of another type.
use trusted_transport::{
    HttpClient, HttpClientBuilder, RequestBuilder, TransportBuilder, TrustAnchors, TrustedTransport, WebSocket,
    WebSocketBuilder, blocking,
};

type BlockingClient = blocking::HttpClient;
type BlockingRequest = blocking::RequestBuilder;
type BlockingResponse = blocking::Response;
type BlockingSocket = blocking::WebSocket;

struct Absent;

macro_rules! absent {
    ($($type:ident: $($function:ident)*;)*) => {$(
        const _: fn() = || {
            trait Functions {
                $(fn $function(_: Absent) {})*
            }
            impl Functions for $type {}
            $($type::$function(Absent);)*
        };
    )*};
}

absent! {
    TrustAnchors: new empty default from_der from_pem from_roots from_store load platform;
    TrustedTransport: default dangerous from_config insecure unchecked;
    TransportBuilder: new default;
    HttpClient: new builder default from_client from_reqwest from_raw;
    HttpClientBuilder: new default from_builder;
    RequestBuilder: new from_parts;
    WebSocket: new connect from_partially_read from_raw_socket from_stream;
    WebSocketBuilder: new default;
    BlockingClient: new builder default from_client from_reqwest from_raw;
    BlockingRequest: new from_parts;
    BlockingResponse: new default;
    BlockingSocket: new connect from_partially_read from_raw_socket from_stream;
}

fn main() {}
