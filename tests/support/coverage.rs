//! Where a program writes its coverage when it was built for that: not into the folder that is tested.

use std::ffi::OsString;

pub(crate) fn coverage_file() -> Option<(&'static str, OsString)> {
    const NAME: &str = "LLVM_PROFILE_FILE";
    std::env::var_os(NAME).map(|file| (NAME, file))
}
