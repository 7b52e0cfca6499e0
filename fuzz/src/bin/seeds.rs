//! Writes what the fuzzer starts from into `corpus`: the blocks of the tests, in each form and in
//! each encoding.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use blocks::{Block, CERTIFICATES, OTHERS};
use fixtures::{ANY_PURPOSE, CLIENT_AUTH, SERVER_AUTH, with_settings};

#[path = "../../../tests/integration/properties/blocks.rs"]
mod blocks;
#[path = "../../../tests/integration/fixtures.rs"]
#[expect(dead_code, reason = "the tests load bundles too")]
mod fixtures;
#[path = "../../../tests/integration/properties/oracle.rs"]
#[expect(dead_code, reason = "nothing is checked here")]
mod oracle;

fn main() -> io::Result<()> {
    let bundles = bundles();
    write("sections", &bundles)?;
    write("loader", &bundles)?;
    write("x509_aux", &settings())
}

fn write(target: &str, seeds: &[Vec<u8>]) -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&corpus)?;
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number:03}")), seed)?;
    }
    println!("{} seeds in {}", seeds.len(), corpus.display());
    Ok(())
}

fn bundles() -> Vec<Vec<u8>> {
    let certificates: Vec<&Block> = CERTIFICATES.iter().collect();
    let (certificates, others) = (
        texts(&certificates),
        texts(&OTHERS.iter().collect::<Vec<_>>()),
    );
    let together = |texts: &[String]| texts.join("\n") + "\n";
    let mixed = together(&[&certificates[..4], &others[..5]].concat());
    let marked = format!("\u{feff}{mixed}\u{feff}# M\u{fc}ller\n{}", certificates[4]);
    let utf16 = |bytes: fn(u16) -> [u8; 2]| marked.encode_utf16().flat_map(bytes).collect();
    let mut seeds = vec![
        mixed.replace('\n', "\r\n").into_bytes(),
        mixed.replace('\n', "\r").into_bytes(),
        mixed.replace('\n', " \n\t").into_bytes(),
        certificates.concat().into_bytes(),
        together(&certificates[..12]).into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        trusted_transport_lab::Authority::root("A").der().to_vec(),
        marked.into_bytes(),
    ];
    // Neighbours are mostly one certificate in two forms.
    seeds.extend(
        certificates
            .windows(2)
            .map(|pair| together(pair).into_bytes()),
    );
    seeds.extend(
        certificates
            .iter()
            .chain(&others)
            .map(|text| text.clone().into_bytes()),
    );
    seeds
}

fn texts(blocks: &[&Block]) -> Vec<String> {
    blocks.iter().map(|block| block.text.clone()).collect()
}

/// Of no certificate, so that only the settings are left.
fn settings() -> Vec<Vec<u8>> {
    let all = [SERVER_AUTH, CLIENT_AUTH, ANY_PURPOSE];
    let mut seeds = vec![Vec::new()];
    for count in 0..=all.len() {
        let (some, rest) = all.split_at(count);
        for trust in [None, Some(rest)] {
            let pem = with_settings(b"", trust, some);
            let base64 = pem.lines().nth(1).unwrap_or_default();
            seeds.extend(STANDARD.decode(base64));
        }
    }
    seeds
}
