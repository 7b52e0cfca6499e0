//! Whether a chain looks as if the network had re-signed it. A guess for people, from names that
//! anybody can write into a certificate: nothing is trusted or refused for it.

/// What the names in a refused chain say of interception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interception {
    /// They are those of a product that re-signs TLS, or of its maker.
    Product(&'static str),
    /// The chain ends with an authority that is not among the base roots: a company's own, say.
    PrivateIssuer,
    /// Nothing points to it.
    Unlikely,
}

/// The product whose name stands in one of the names.
pub(crate) fn product<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<&'static str> {
    let names = names.map(str::to_lowercase).collect::<Vec<_>>();
    let mut products = PRODUCTS.iter();
    let known = products.find(|(mark, _)| names.iter().any(|name| name.contains(mark)));
    known.map(|(_, product)| *product)
}

/// What stands in the names of their authorities, in lower case.
const PRODUCTS: [(&str, &str); 36] = [
    ("zscaler", "Zscaler"),
    ("netskope", "Netskope"),
    ("goskope", "Netskope"),
    ("palo alto", "Palo Alto Networks"),
    ("fortinet", "Fortinet"),
    ("fortigate", "Fortinet"),
    ("blue coat", "Blue Coat ProxySG"),
    ("bluecoat", "Blue Coat ProxySG"),
    ("cisco umbrella", "Cisco Umbrella"),
    ("cisco secure access", "Cisco Secure Access"),
    ("opendns", "Cisco Umbrella"),
    ("ironport", "Cisco IronPort"),
    ("sophos", "Sophos"),
    ("check point", "Check Point"),
    ("skyhigh", "Skyhigh"),
    ("mcafee", "McAfee"),
    ("forcepoint", "Forcepoint"),
    ("websense", "Forcepoint"),
    ("barracuda", "Barracuda"),
    ("sonicwall", "SonicWall"),
    ("watchguard", "WatchGuard"),
    ("cato networks", "Cato Networks"),
    ("menlo security", "Menlo Security"),
    ("iboss", "iboss"),
    ("gateway ca - cloudflare", "Cloudflare Gateway"),
    ("kaspersky", "Kaspersky"),
    ("eset ssl", "ESET"),
    ("avast", "Avast"),
    ("avg web", "AVG"),
    ("bitdefender", "Bitdefender"),
    ("adguard", "AdGuard"),
    ("mitmproxy", "mitmproxy"),
    ("charles proxy", "Charles"),
    ("fiddler", "Fiddler"),
    ("portswigger", "Burp Suite"),
    ("squid", "Squid"),
];
