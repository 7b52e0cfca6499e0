//! One URL of `check`: how it is read and how it is shown. Queries, fragments and credentials
//! may be secrets and are never shown.

use trusted_transport::http::Url;

/// A URL to connect to, or what cannot be one.
#[derive(Debug)]
pub(crate) struct Target {
    /// For people and for JSON.
    pub(crate) shown: String,
    pub(crate) scheme: Option<Scheme>,
    /// In full, for the connection.
    pub(crate) url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Https,
    Wss,
    Http,
    Ws,
}

impl Target {
    pub(crate) fn of(argument: &str) -> Self {
        let parsed = Url::parse(argument)
            .ok()
            .and_then(|url| Some((Scheme::of(&url)?, url)));
        match parsed {
            Some((scheme, url)) => Self {
                shown: without_secrets(url.clone()),
                scheme: Some(scheme),
                url: url.into(),
            },
            None => Self {
                shown: beginning(argument),
                scheme: None,
                url: argument.to_owned(),
            },
        }
    }
}

impl Scheme {
    fn of(url: &Url) -> Option<Self> {
        match url.scheme() {
            "https" => Some(Self::Https),
            "wss" => Some(Self::Wss),
            "http" => Some(Self::Http),
            "ws" => Some(Self::Ws),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Wss => "wss",
            Self::Http => "http",
            Self::Ws => "ws",
        }
    }
}

fn without_secrets(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    // These fail only where a URL cannot have credentials in the first place.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// Of a text that is no URL it is not known where a secret would stand.
fn beginning(argument: &str) -> String {
    if argument.contains('@') {
        return "(a URL that cannot be read)".to_owned();
    }
    let end = argument.find(['?', '#']).unwrap_or(argument.len());
    argument[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_shown() {
        for (argument, shown) in [
            (
                "https://u:secret@a.test/p?k=secret#secret",
                "https://a.test/p",
            ),
            ("wss://secret@a.test:8443?secret", "wss://a.test:8443/"),
            ("a.test/p?k=secret", "a.test/p"),
            ("user:secret@a.test", "(a URL that cannot be read)"),
            ("https://u:sec?ret@", "(a URL that cannot be read)"),
            ("ftp://u:secret@a.test/", "(a URL that cannot be read)"),
        ] {
            assert_eq!(Target::of(argument).shown, shown);
        }
    }

    #[test]
    fn the_connection_gets_the_whole_url() {
        let target = Target::of("WSS://u:secret@A.test/p?k=secret");
        assert_eq!(target.scheme, Some(Scheme::Wss));
        assert_eq!(target.url, "wss://u:secret@a.test/p?k=secret");
    }
}
