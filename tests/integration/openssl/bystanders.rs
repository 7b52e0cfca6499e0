//! What stands in bundles beside certificates: keys, revocation lists, requests, parameters,
//! containers; and files that hold nothing else.

use super::Class;
use super::kit::{Certificate, Kit, block};
use super::recipe::Recipe;

pub(super) fn recipes(kit: &Kit) -> Vec<Recipe> {
    let [first, second] = ["first", "second"].map(|name| kit.root(name));
    let mut recipes = whole_files(kit, &first);
    for Bystander { name, text, class } in well_formed(kit).into_iter().chain(malformed()) {
        let between = [first.pem.as_str(), &text, &second.pem].concat();
        let between = Recipe::new(format!("{name}, between"), between, &[&first, &second]);
        let before = text.clone() + &first.pem;
        let before = Recipe::new(format!("{name}, before"), before, &[&first]);
        recipes.push(between.differs(class));
        recipes.push(before.differs(class));
        recipes.push(Recipe::new(format!("{name}, alone"), text, &[]));
    }
    let list = kit.text("ca -gencrl -keyfile first.key -cert first.pem");
    let around = first.pem.clone() + &list + &second.pem;
    recipes.push(Recipe::new("a revocation list", around, &[&first, &second]));
    let alone = Recipe::new("a revocation list, alone", list, &[]);
    recipes.push(alone.differs(Class::NothingUsable));
    recipes
}

struct Bystander {
    name: String,
    text: String,
    /// How the verdicts differ if there are certificates too.
    class: Option<Class>,
}

fn well_formed(kit: &Kit) -> Vec<Bystander> {
    for make in [
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa.key",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key",
        "dsaparam -noout -genkey -out dsa.key 1024",
        "req -new -key first.key -subj /CN=first -out first.request",
    ] {
        kit.openssl(make);
    }
    let bystander = |(name, command): (&str, &str)| Bystander {
        name: name.to_owned(),
        text: kit.text(command),
        class: None,
    };
    let mut bystanders: Vec<_> = WELL_FORMED.map(bystander).into();
    let all = bystanders.iter().map(|bystander| bystander.text.as_str());
    bystanders.push(Bystander {
        name: "all of them".to_owned(),
        text: all.collect(),
        class: None,
    });
    bystanders
}

/// OpenSSL reads the base64 under every label, and what it says under those of `READ`.
fn malformed() -> Vec<Bystander> {
    let mut bystanders = Vec::new();
    for label in READ.into_iter().chain(PASSED_OVER) {
        let whole = block(label, b"not what the label says");
        let header = whole.replacen("-----\n", "-----\nComment: a key\n\n", 1);
        let begin = format!("-----BEGIN {label}-----\n");
        let fatal = Some(Class::Bystander);
        let read = fatal.filter(|_| READ.contains(&label));
        // Also that of a key which it does not decrypt.
        let header_read = read.or(fatal.filter(|_| label.ends_with("PRIVATE KEY")));
        let cases = [
            ("something else", whole.clone(), read),
            ("a header", header, header_read),
            ("nothing", block(label, b""), fatal),
            ("bad base64", whole.replace('b', "!"), fatal),
            ("no padding", whole.replace("=\n", "\n"), fatal),
            ("no END", begin, fatal),
            (
                "another END",
                whole.replace("-----END ", "-----END OTHER "),
                fatal,
            ),
        ];
        bystanders.extend(cases.map(|(what, text, class)| Bystander {
            name: format!("{label:?} with {what}"),
            text,
            class,
        }));
    }
    bystanders
}

/// Files that are no PEM bundle.
fn whole_files(kit: &Kit, first: &Certificate) -> Vec<Recipe> {
    let pkcs7 = kit.openssl("crl2pkcs7 -nocrl -certfile first.pem -outform DER");
    let pkcs12 = kit.openssl("pkcs12 -export -in first.pem -inkey first.key -passout pass:test");
    let key = kit.openssl("pkey -in first.key -outform DER");
    let trusted = [&first.der[..], &[0x30, 0]].concat();
    let base64 = first.pem.lines().filter(|line| !line.starts_with('-'));
    let nothing = |name: &str, bytes: Vec<u8>| Recipe::new(format!("{name} file"), bytes, &[]);
    vec![
        nothing("an empty", Vec::new()),
        nothing("a blank", b"\n".to_vec()),
        nothing("a text", b"There is no certificate here.\n".to_vec()),
        nothing("a base64", base64.collect::<String>().into()),
        nothing("a PKCS#7", pkcs7),
        nothing("a PKCS#12", pkcs12),
        nothing("a key's", key),
        nothing("a certificate's and X509_AUX's", trusted),
    ]
}

/// Names, and the commands that write them.
const WELL_FORMED: [(&str, &str); 16] = [
    ("an EC key", "pkey -in ec.key"),
    ("an RSA key", "pkey -in rsa.key"),
    ("a DSA key", "pkey -in dsa.key"),
    ("an Ed25519 key", "pkey -in first.key"),
    (
        "an encrypted key",
        "pkey -in ec.key -aes128 -passout pass:test",
    ),
    ("an old EC key", "pkey -in ec.key -traditional"),
    ("an old RSA key", "pkey -in rsa.key -traditional"),
    ("an old DSA key", "pkey -in dsa.key -traditional"),
    (
        "an old encrypted EC key",
        "ec -in ec.key -aes128 -passout pass:test",
    ),
    (
        "an old encrypted RSA key",
        "rsa -in rsa.key -traditional -aes128 -passout pass:test",
    ),
    ("EC parameters", "ecparam -name P-256"),
    ("EC parameters and a key", "ecparam -name P-256 -genkey"),
    ("DH parameters", "dhparam -dsaparam 512"),
    ("a public key", "pkey -in first.key -pubout"),
    ("a request", "req -in first.request"),
    ("PKCS#7", "crl2pkcs7 -nocrl -certfile first.pem"),
];

/// Labels whose contents OpenSSL looks at.
const READ: [&str; 5] = [
    "X509 CRL",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "PRIVATE KEY",
];

const PASSED_OVER: [&str; 12] = [
    "ENCRYPTED PRIVATE KEY",
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "ATTRIBUTE CERTIFICATE",
    "PKCS7",
    "CMS",
    "PKCS12",
    "DH PARAMETERS",
    "PUBLIC KEY",
    "SSH2 PUBLIC KEY",
    "SOMETHING ELSE",
    "",
];
