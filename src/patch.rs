use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

/// What a request says of one optional field: nothing, `null`, or a value.
///
/// A plain `Option` can't tell "leave it as it is" from "make it empty". Whatever converts into the value converts into
/// a `Patch`, so setters take plain values too.
///
/// ```
/// use tagoio::Patch;
/// use tagoio::run::UserEdit;
///
/// let edit = UserEdit::new().name("Jane").phone(Patch::Clear);
/// assert_eq!(serde_json::to_string(&edit)?, r#"{"name":"Jane","phone":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth state")]
pub enum Patch<T> {
    /// The field isn't sent: it stays as it is.
    #[default]
    Keep,
    /// `null` is sent: the field is emptied.
    Clear,
    /// The value is sent.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field isn't sent.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The value, if there is one.
    pub fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// The value, if there is one, to be changed in place.
    pub fn as_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// The value, if there is one, as what it points to: `Option<&str>` of a `Patch<String>`.
    pub fn as_deref(&self) -> Option<&T::Target>
    where
        T: std::ops::Deref,
    {
        self.as_ref().map(|value| &**value)
    }

    /// The value, if there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// The value to be changed in place, after it was made the default if there was none.
    pub fn get_or_default(&mut self) -> &mut T
    where
        T: Default,
    {
        if !matches!(self, Self::Set(_)) {
            *self = Self::Set(T::default());
        }
        match self {
            Self::Set(value) => value,
            Self::Keep | Self::Clear => unreachable!("it was just set"),
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}

macro_rules! number {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Patch<Number> {
            fn from(value: $integer) -> Self {
                Self::Set(value.into())
            }
        }
    )*};
}

number!(i32, u32, i64, u64);

/// `Keep` can only be told by leaving the field out, which is what the request types do.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_there_when_it_was_set_and_never_otherwise() {
        let cases: [(Patch<String>, _); 3] =
            [(Patch::Keep, None), (Patch::Clear, None), (Patch::from("a"), Some("a".to_owned()))];
        for (patch, value) in cases {
            assert_eq!(patch.as_ref(), value.as_ref());
            assert_eq!(patch.as_deref(), value.as_deref());
            assert_eq!(patch.clone().as_mut().cloned(), value);
            assert_eq!(patch.clone().into_option(), value);
            assert_eq!(*patch.clone().get_or_default(), value.clone().unwrap_or_default());
            assert_eq!(patch.is_keep(), patch == Patch::Keep);
        }
    }

    #[test]
    fn what_is_changed_in_place_is_kept() {
        let mut patch: Patch<Vec<u8>> = Patch::Clear;
        patch.get_or_default().push(1);
        patch.as_mut().unwrap().push(2);
        assert_eq!(patch, Patch::Set(vec![1, 2]));
    }

    #[test]
    fn an_integer_is_a_number_as_it_is() {
        assert_eq!(Patch::<Number>::from(100), Patch::Set(Number::from(100)));
        assert_eq!(Patch::<Number>::from(u64::MAX), Patch::Set(Number::from(u64::MAX)));
    }

    #[test]
    fn null_is_clear_and_anything_else_is_set() {
        for (json, patch) in [("null", Patch::Clear), ("5", Patch::Set(5))] {
            assert_eq!(serde_json::from_str::<Patch<u8>>(json).unwrap(), patch);
            assert_eq!(serde_json::to_string(&patch).unwrap(), json);
        }
    }
}
