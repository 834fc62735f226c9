//! In which numbers a model computes, as its file says.

use crate::{error::InferenceError, manifest::ModelFile};

/// What the layers of a network compute in. It is a property of the file: nothing converts one into the other here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Floating-point numbers.
    Float,
    /// 8-bit whole numbers, at least in part.
    Int8,
}

impl Precision {
    /// For people and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Int8 => "int8",
        }
    }

    /// By the operators that a quantised ONNX file has to name: `DequantizeLinear` in every QDQ one, `QLinearConv` and
    /// `ConvInteger` in the others.
    fn of(onnx: &[u8]) -> Self {
        let has = |operator: &[u8]| onnx.windows(operator.len()).any(|bytes| bytes == operator);
        let is_quantised =
            [&b"DequantizeLinear"[..], b"QLinearConv", b"ConvInteger"].iter().any(|one| has(one));
        if is_quantised { Self::Int8 } else { Self::Float }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl ModelFile {
    /// Reads the file.
    ///
    /// # Errors
    /// As [`ModelFile::read`].
    pub fn precision(&self) -> Result<Precision, InferenceError> {
        Ok(Precision::of(&self.read()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::built_in;

    #[test]
    fn a_quantised_file_is_known_by_its_operators() {
        assert_eq!(built_in().precision().unwrap(), Precision::Float);
        assert_eq!(Precision::of(b"..\x22\x10DequantizeLinear.."), Precision::Int8);
        assert_eq!(Precision::of(b"..QuantizeLin"), Precision::Float);
    }
}
