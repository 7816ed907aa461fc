//! What merging tags means, whatever the tags.

use proptest::prelude::*;
use tagoio::Tag;

use super::cases;
use super::values::tags;

/// The values of a key, in their order.
fn values<'a>(tags: &'a [Tag], key: &str) -> Vec<&'a str> {
    tags.iter().filter(|tag| tag.key == key).map(|tag| tag.value.as_str()).collect()
}

fn sorted(mut tags: Vec<Tag>) -> Vec<Tag> {
    tags.sort_unstable();
    tags
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_given_key_has_the_given_values_and_any_other_key_those_it_had(existing in tags(), given in tags()) {
        let merged = Tag::merge(&existing, &given);
        for tag in existing.iter().chain(&given).chain(&merged) {
            let given_values = values(&given, &tag.key);
            let expected = if given_values.is_empty() { values(&existing, &tag.key) } else { given_values };
            prop_assert_eq!(values(&merged, &tag.key), expected, "{}", tag.key);
        }
        prop_assert!(merged.len() <= existing.len() + given.len());
    }

    #[test]
    fn tags_that_are_not_given_stay_in_their_order_and_new_keys_come_last(existing in tags(), given in tags()) {
        let merged = Tag::merge(&existing, &given);
        let is_given = |tag: &&Tag| given.iter().any(|other| other.key == tag.key);
        let kept: Vec<&Tag> = merged.iter().filter(|tag| !is_given(tag)).collect();
        let had: Vec<&Tag> = existing.iter().filter(|tag| !is_given(tag)).collect();
        prop_assert_eq!(kept, had);
        let is_new = |tag: &Tag| !existing.iter().any(|other| other.key == tag.key);
        let first_new = merged.iter().position(is_new).unwrap_or(merged.len());
        prop_assert!(merged[first_new..].iter().all(is_new));
    }

    #[test]
    fn merging_twice_is_merging_once(existing in tags(), given in tags()) {
        let once = Tag::merge(&existing, &given);
        prop_assert_eq!(Tag::merge(&once, &given), once);
    }

    #[test]
    fn nothing_changes_nothing_and_what_is_there_changes_nothing(tags in tags()) {
        prop_assert_eq!(Tag::merge(&tags, &[]), tags.clone());
        prop_assert_eq!(sorted(Tag::merge(&[], &tags)), sorted(tags.clone()));
        prop_assert_eq!(sorted(Tag::merge(&tags, &tags)), sorted(tags));
    }

    #[test]
    fn one_merge_after_the_other_is_the_merge_of_both(existing in tags(), first in tags(), second in tags()) {
        let one_by_one = Tag::merge(&Tag::merge(&existing, &first), &second);
        let at_once = Tag::merge(&existing, &Tag::merge(&first, &second));
        prop_assert_eq!(sorted(one_by_one), sorted(at_once));
    }
}
