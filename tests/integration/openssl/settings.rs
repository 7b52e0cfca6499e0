//! Trust settings as `openssl x509` writes them: every combination of the purposes that matter,
//! and settings that contradict each other.

use super::Class;
use super::der::{SEQUENCE, element, elements, long_form};
use super::kit::{Certificate, Kit, block};
use super::recipe::Recipe;

pub(super) fn recipes(kit: &Kit) -> Vec<Recipe> {
    let root = kit.root("settings");
    let beside = kit.root("beside");
    let mut recipes = combinations(kit, &root, &beside);
    recipes.extend(alone(kit, &root));
    recipes.extend(contradictions(kit, &root, &beside));
    recipes.extend(contradictions_in_ber(&root, &beside));
    recipes.extend(of_an_intermediate(kit, &beside));
    recipes
}

/// Every set of purposes trusted with every set rejected, an alias now and then. Another
/// certificate stands beside, so that no bundle is without a usable one.
fn combinations(kit: &Kit, root: &Certificate, beside: &Certificate) -> Vec<Recipe> {
    let mut recipes = Vec::new();
    for trust in 0..1 << PURPOSES.len() {
        for reject in 0..1 << PURPOSES.len() {
            let alias = match (trust + reject) % 3 {
                0 => "-setalias Example",
                _ => "",
            };
            let (trusted, rejected) = (subset("-addtrust", trust), subset("-addreject", reject));
            let settings = format!("{trusted}{rejected}{alias}");
            let text = kit.trustout("settings", &settings) + &beside.pem;
            let name = format!("settings {settings}");
            recipes.push(Recipe::new(name, text, &[root, beside]));
        }
    }
    recipes
}

/// Options for those purposes whose bits are set.
fn subset(option: &str, bits: usize) -> String {
    let chosen = PURPOSES.iter().enumerate();
    let chosen = chosen.filter(|(index, _)| bits & (1 << index) != 0);
    chosen
        .map(|(_, purpose)| format!("{option} {purpose} "))
        .collect()
}

fn alone(kit: &Kit, root: &Certificate) -> Vec<Recipe> {
    let rejected = "-addtrust clientAuth -addreject serverAuth -setalias Example";
    let rejected = kit.trustout("settings", rejected);
    std::fs::write(kit.path("rejected.pem"), rejected).expect("written");
    let nothing = Some(Class::NothingUsable);
    let cases = [
        ("settings", "", None),
        ("settings", "-clrtrust", None),
        ("settings", "-clrreject", None),
        ("settings", "-setalias Example", None),
        ("settings", "-addtrust serverAuth", None),
        ("settings", "-addreject clientAuth", None),
        ("settings", "-addreject serverAuth", nothing),
        ("settings", "-addtrust clientAuth", nothing),
        ("rejected", "", nothing),
        ("rejected", "-clrtrust", nothing),
        ("rejected", "-clrreject", nothing),
        ("rejected", "-addtrust serverAuth", nothing),
        ("rejected", "-clrtrust -clrreject", None),
        ("rejected", "-clrreject -addtrust serverAuth", None),
    ];
    let recipes = cases.into_iter().map(|(name, settings, class)| {
        let text = kit.trustout(name, settings);
        Recipe::new(format!("{name} alone {settings}"), text, &[root]).differs(class)
    });
    recipes.collect()
}

fn contradictions(kit: &Kit, root: &Certificate, beside: &Certificate) -> Vec<Recipe> {
    let plain = &root.pem;
    let trusted = &kit.trustout("settings", "-addtrust serverAuth");
    let rejected = &kit.trustout("settings", "-addreject serverAuth");
    let not_listed = &kit.trustout("settings", "-addtrust clientAuth");
    let old = &root.labelled("X509 CERTIFICATE");
    let conflict = Some(Class::Conflict);
    let cases = [
        ("plain, plain", [plain, plain], None),
        ("plain, old label", [plain, old], None),
        ("plain, trusted", [plain, trusted], None),
        ("trusted, plain", [trusted, plain], None),
        ("trusted, trusted", [trusted, trusted], None),
        ("rejected, plain", [rejected, plain], None),
        ("rejected, old label", [rejected, old], None),
        ("rejected, trusted", [rejected, trusted], None),
        ("rejected, not listed", [rejected, not_listed], None),
        ("not listed, plain", [not_listed, plain], None),
        ("not listed, trusted", [not_listed, trusted], None),
        ("plain, rejected", [plain, rejected], conflict),
        ("old label, rejected", [old, rejected], conflict),
        ("plain, not listed", [plain, not_listed], conflict),
        ("trusted, rejected", [trusted, rejected], conflict),
        ("trusted, not listed", [trusted, not_listed], conflict),
    ];
    let recipes = cases.into_iter().map(|(name, [first, second], class)| {
        let text = [first, beside.pem.as_str(), second].concat();
        Recipe::new(name, text, &[root, beside]).differs(class)
    });
    recipes.collect()
}

/// To OpenSSL, a certificate and the same one in BER are the same.
fn contradictions_in_ber(root: &Certificate, beside: &Certificate) -> Vec<Recipe> {
    let mut inside = elements(&root.der);
    inside[1] = long_form(&inside[1]);
    let reject = element(0xa0, &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1]);
    let rejection = element(SEQUENCE, &reject);
    let cases = [
        ("of all", long_form(&root.der)),
        ("of the algorithm", element(SEQUENCE, &inside.concat())),
    ];
    let recipes = cases.into_iter().map(|(what, ber)| {
        let rejected = block("TRUSTED CERTIFICATE", &[ber, rejection.clone()].concat());
        let text = [rejected.as_str(), &root.pem, &beside.pem].concat();
        let name = format!("rejected with a long length {what}, plain");
        Recipe::new(name, text, &[root, beside]).differs(Class::Overlooked)
    });
    recipes.collect()
}

/// Settings that trust make an anchor of what is not self-signed, everywhere; settings that only
/// do not reject it do not.
fn of_an_intermediate(kit: &Kit, beside: &Certificate) -> Vec<Recipe> {
    let intermediate = kit.issued("below", "beside", "");
    let differs = Some(Class::NotSelfSigned);
    let cases = [
        ("", differs),
        ("-setalias Example", differs),
        ("-addreject clientAuth", differs),
        ("-addreject serverAuth", None),
        ("-addtrust clientAuth", None),
        ("-addtrust serverAuth", None),
        ("-addtrust anyExtendedKeyUsage", None),
        ("-addtrust serverAuth -addreject clientAuth", None),
        ("-addtrust serverAuth -addreject serverAuth", None),
    ];
    let mut recipes = Vec::new();
    for (settings, class) in cases {
        let text = kit.trustout("below", settings) + &beside.pem;
        let name = format!("an intermediate {settings}");
        recipes.push(Recipe::new(name, text, &[&intermediate, beside]).differs(class));
    }
    let root = kit.trustout("beside", "-addreject serverAuth");
    let text = intermediate.pem.clone() + &root;
    let recipe = Recipe::new("its root rejected", text, &[&intermediate, beside]);
    recipes.push(recipe.differs(Class::NotSelfSigned));
    recipes
}

const PURPOSES: [&str; 4] = [
    "serverAuth",
    "clientAuth",
    "emailProtection",
    "anyExtendedKeyUsage",
];
