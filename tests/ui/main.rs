//! What must not compile, each case for the reason in its name, and what must.

#[test]
fn there_is_no_way_around_the_token() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
