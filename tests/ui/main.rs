//! What must not compile, each case for the reason in its name, and what must.
//!
//! A compiler's words for what is missing change from version to version. So what must be absent
//! is a case that passes (`pass/absent_*`): it brings something of the same name, which would
//! collide.

mod cargo;
mod exported;
mod public;

#[test]
fn there_is_no_way_around_the_token() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("fail/*.rs");
    cases.pass("pass/*.rs");
}
