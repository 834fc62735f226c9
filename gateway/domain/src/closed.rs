//! Closed sets of names: one macro, so that a name in a row, on the wire and in a log cannot differ.
//!
//! Nothing else belongs here.

/// A text that is none of the names of a closed set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {set}: use one of {}", names.join(", "))]
pub struct UnknownName {
    /// What was expected, e.g. `object class`.
    pub set: &'static str,
    /// The refused text, cut to 80 characters.
    pub text: String,
    /// All names of the set.
    pub names: &'static [&'static str],
}

/// Declares a fieldless enum whose names are written once: `ALL`, `NAMES`, `as_str`, `Display`, `FromStr` and serde agree.
macro_rules! closed_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident ($set:literal) {
            $( $(#[$variant_meta:meta])* $variant:ident => $text:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[$variant_meta])* #[serde(rename = $text)] $variant, )+
        }

        impl $name {
            /// Every member, in the order of declaration.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// Every name, in the order of [`Self::ALL`].
            pub const NAMES: &'static [&'static str] = &[$( $text, )+];

            /// The name in rows, logs and on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $text, )+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::closed::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $( $text => Ok(Self::$variant), )+
                    _ => Err($crate::closed::UnknownName {
                        set: $set,
                        text: text.chars().take(80).collect(),
                        names: Self::NAMES,
                    }),
                }
            }
        }
    };
}

pub(crate) use closed_enum;
