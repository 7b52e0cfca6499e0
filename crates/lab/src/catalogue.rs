//! A list of named kinds: an enumeration with all of its values and a short name for each, for the
//! tables that tests go through.

macro_rules! catalogue {
    ($(#[doc = $about:literal])+ pub enum $catalogue:ident;
     $($(#[doc = $doc:literal])+ $kind:ident = $name:literal,)+) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $catalogue {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl $catalogue {
            /// All of them, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// A short name, in lower case and with hyphens.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}
