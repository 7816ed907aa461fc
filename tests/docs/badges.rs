//! Rustdoc reads the badges "available on crate feature …" off `cfg`. Those of `_ureq`, which users don't name, it is told not
//! to make (`src/lib.rs`): what this feature brings has to say itself which ones bring it.

use std::fs;
use std::path::Path;

use crate::page::root;

#[test]
fn what_an_unnamed_feature_brings_has_a_badge() {
    let mut checked = 0;
    look_at(&root().join("src"), &mut checked);
    assert!(checked >= 3, "only {checked} items were found");
}

fn look_at(folder: &Path, checked: &mut usize) {
    for entry in fs::read_dir(folder).expect("the source is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            look_at(&path, checked);
            continue;
        }
        let source = fs::read_to_string(&path).expect("it is text");
        for rest in source.split("#[cfg(feature = \"_ureq\")]\n").skip(1) {
            let attributes: Vec<&str> = rest.lines().take_while(|line| line.trim_start().starts_with('#')).collect();
            let item = rest.lines().nth(attributes.len()).unwrap_or_default().trim_start();
            if item.starts_with("pub ") {
                let badge = "#[cfg_attr(docsrs, doc(cfg(any(feature = \"rustls\", feature = \"native-tls\"))))]";
                assert_eq!(attributes.first().map(|line| line.trim_start()), Some(badge), "{}: {item}", path.display());
                *checked += 1;
            }
        }
    }
}
