//! What only earlier versions of a crate have.

use tokio::net::TcpStream;
use {hyper_0 as hyper, reqwest_0_12 as reqwest, ureq_2 as ureq};

pub fn reqwest() {
    let _ = reqwest::ClientBuilder::tls_built_in_root_certs;
    let _ = reqwest::blocking::ClientBuilder::tls_built_in_root_certs;
}

pub fn hyper() {
    let _ = hyper::Client::new;
    let _ = hyper::Client::<()>::builder;
    let _ = hyper::client::conn::handshake::<TcpStream>;
    let _ = hyper::client::conn::Builder::handshake::<TcpStream, hyper::Body>;
}

pub fn ureq() {
    let _ = ureq::builder;
    let _ = ureq::request;
    let _ = ureq::request_url;
    let _ = ureq::Agent::new;
    let _ = ureq::AgentBuilder::new;
}

pub fn types() {
    let _: Option<&ureq::AgentBuilder>;
    let _: Option<&hyper::client::Builder>;
    let _: Option<&hyper::Client<()>>;
}
